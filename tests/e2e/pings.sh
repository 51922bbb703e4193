#!/usr/bin/env bash
# A job with a ping URL: what the daemon tells the one who watches.  The stand-in server takes the pings and says 404 to
# each, which must be one line in the journal and nothing for the run.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/world.sh

sim_start --data tests/graphsim/data
config_write
aa key generate >"$WORLD/out"
aa db upgrade >>"$WORLD/out" 2>&1
printf '%s\n' demo-refresh-token >"$WORLD/token"
chmod 600 "$WORLD/token"
for user in anna nobody; do
    aa user add "$user@example.com" --username "$user" >>"$WORLD/out"
    aa archive-config add "$user" --name Work --source "msgraph://$user@example.com/calendars/primary" \
        --destination "local://$user/calendars/archive" --timezone Europe/Berlin >>"$WORLD/out"
done
aa login anna --refresh-token-file "$WORLD/token" >>"$WORLD/out"
aa job add 1 --type calendar_archive --schedule manual --window 1800 >>"$WORLD/out"
aa job add 2 --type calendar_archive --schedule manual >>"$WORLD/out"
sql_write "UPDATE job_configurations SET ping_url = '$AUTHORITY/ping/job-' || id"

daemon_start
trigger 1
wait_for 15 "the run" runs_done 1
trigger 2
wait_for 15 "the run that can not succeed" runs_done 2
trigger 1
wait_for 15 "the third run" runs_done 3
daemon_stop # lets out what is still to be told

sim_get log >"$WORLD/requests"
told=$(sqlite3 :memory: "SELECT (value ->> 'method') || ' ' || (value ->> 'path') || ' ' || (value ->> 'authorization')
    FROM json_each(readfile('$WORLD/requests')) WHERE value ->> 'path' LIKE '/ping/%' ORDER BY 1")
expected="POST /ping/job-1 absent
POST /ping/job-1 absent
POST /ping/job-1/start absent
POST /ping/job-1/start absent
POST /ping/job-2/fail absent
POST /ping/job-2/start absent"
[ "$told" = "$expected" ] || fail "told: $told"
[ "$(sql "SELECT count(*) FROM job_runs WHERE outcome = 'success'")" -eq 2 ] || fail "a ping was in the way of a run"
[ "$(grep -c 'job 1 "Work": a ping did not arrive, host 127.0.0.1: answered 404' "$WORLD/daemon.log")" -eq 1 ] ||
    fail "the notice is not there once"
