#!/usr/bin/env bash
# The crash matrix: the real daemon is killed at every sync of a run (before it and after it); the next start must finish the
# run, and archive, verdict and audit chain must be those of a run that nobody disturbed.
# env: AA_BIN, SIM_BIN, KILL_LIB
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/world.sh
. tests/lib/kill.sh

sim_start --data tests/graphsim/data
sim_post load '{"max_page":10}' # several pages, so that there is something between them
config_write
anna_set_up
aa job add 1 --type calendar_archive --schedule manual >/dev/null
aa job run 1 --from 2026-03-01 --to 2026-03-31 >/dev/null 2>&1 || [ $? -eq 75 ] || fail "the run is not queued"
cp -a "$WORLD/aa.db" "$WORLD/before.db"
[ ! -e "$WORLD/aa.db-wal" ] || fail "the database was not closed cleanly"

archive() {
    sql "SELECT ms_event_id, start_time, end_time, subject, location_id, category_id, hex(content_hash), ms_event_data
         FROM appointments ORDER BY ms_event_id; SELECT count(*) FROM appointment_versions;
         SELECT count(*) FROM staged_events; SELECT state, outcome, step FROM job_runs;
         SELECT operation, status FROM audit_log WHERE operation IN ('calendar_archive', 'store')"
}

daemon_start
wait_for 30 "the undisturbed run" runs_done 1
daemon_stop
archive >"$WORLD/wanted"
[ "$(run_field 1 outcome)" = success ] || fail "the undisturbed run: $(run_field 1 error_message)"
[ "$(sql 'SELECT count(*) FROM appointments')" -gt 20 ] || fail "there is hardly anything in the archive"

# The run disturbed at sync $1.  Returns 1 when it came to its end before.
disturb() {
    rm -f "$WORLD"/aa.db*
    cp -a "$WORLD/before.db" "$WORLD/aa.db"
    : >"$WORLD/daemon.log"
    dies_at "$1" runs_done 1 || return 1
    daemon_start
    wait_for 30 "the run after a crash at sync $1" runs_done 1
    daemon_stop
    archive >"$WORLD/got"
    cmp -s "$WORLD/wanted" "$WORLD/got" || fail "after a crash at sync $1: $(diff "$WORLD/wanted" "$WORLD/got" | cut -c1-300 | head -n 8)"
    aa audit verify >/dev/null || fail "the audit chain is broken after a crash at sync $1"
}

points=0
for sign in '' '-'; do
    n=1
    while disturb "$sign$n"; do
        n=$((n + 1))
        points=$((points + 1))
        [ "$n" -lt 100 ] || fail "the daemon never comes to its end"
    done
done
[ "$points" -ge 12 ] || fail "only $points crash points were met"
printf 'killed at %d points, the archive was the same each time\n' "$points"
