#!/usr/bin/env bash
# The reload, with the real programs: what a good file changes, what a bad one does not, and who is told.
# AA_BIN holds admin-assistant(d) and, unless SIM_BIN says otherwise, graphsim.
cd "$(dirname "$0")/../.."
SIM_BIN=${SIM_BIN:-$AA_BIN}
. tests/lib/world.sh
. tests/lib/expect.sh

CONF=$WORLD/aa.conf

# As the service manager runs ExecReload=.
managed() { MAINPID=$DAEMON_PID aa "$@"; }

logged() { grep -Ec -e "$1" "$WORLD/daemon.log" || true; }
has_logged() { # PATTERN TIMES
    [ "$(logged "$1")" -eq "$2" ] || fail "\"$1\" is in the log $(logged "$1") times, not $2"
}

views_asked_here() { { sim_get log | grep -o calendarView || true; } | wc -l; }

# The next run of job 1 goes to the stand-in server whose address is $AUTHORITY, and succeeds.
RUNS=0
run_goes_here() {
    local before
    before=$(views_asked_here)
    RUNS=$((RUNS + 1))
    trigger 1
    wait_for 20 "run $RUNS" runs_done "$RUNS"
    [ "$(run_field "$RUNS" outcome)" = success ] || fail "run $RUNS: $(run_field "$RUNS" error_message)"
    [ "$(views_asked_here)" -gt "$before" ] || fail "run $RUNS went elsewhere"
}

# ---- not running ----

sim_start --data tests/graphsim/data
MORE_PIDS=$SIM_PID
config_write
expect 1 'no such file|db upgrade' -- aa reload
expect 0 -- aa key generate
expect 0 -- aa db upgrade
expect 1 "$WORLD/aa.db: the service does not run; start it" -- aa reload
expect 2 'timeout' -- aa reload --timeout 0

(umask 077 && printf '%s\n' demo-refresh-token >"$WORLD/token")
expect 0 -- aa user add anna@example.com --username anna
expect 0 -- aa login anna --refresh-token-file "$WORLD/token"
expect 0 -- aa archive-config add anna --name Work --source msgraph://anna@example.com/calendars/primary \
    --destination local://anna/calendars/archive --timezone Europe/Berlin
expect 0 -- aa job add 1 --type calendar_archive --schedule manual --window 7
daemon_start --debug
run_goes_here

# ---- nothing changed ----

expect 0 'nothing changed' -- aa reload
expect 0 '"outcome":"unchanged"' "\"pid\":$DAEMON_PID" '"at":"20[0-9-]*T[0-9:]*Z"' -- managed reload --json
has_logged '^<[0-6]>.*configuration read again' 0

# ---- a good file: the run under way ends where it began, the next one goes to another server ----

sim_post fault '{"match": "calendarView", "times": 1, "action": {"delay_ms": 2000}}'
trigger 1
fetches() { [ "$(sql "SELECT count(*) FROM job_runs WHERE state = 'running' AND step = 'fetch'")" = 1 ]; }
wait_for 10 "a run that fetches" fetches
sim_start --data tests/graphsim/data
config_write "max_requests = 8" "[service]" "metrics_file = $WORLD/metrics"
expect 0 'changed: graph.base_url, graph.authority, graph.max_requests, service.metrics_file' -- managed reload
wait_for 10 "the metrics" test -s "$WORLD/metrics"
has_logged '^<6>configuration read again: changed: graph' 1
RUNS=2
wait_for 20 "the run under way" runs_done 2
[ "$(run_field 2 outcome)" = success ] || fail "the run under way: $(run_field 2 error_message)"
[ "$(views_asked_here)" -eq 0 ] || fail "the run under way changed servers"
kill -TERM "$MORE_PIDS"
wait "$MORE_PIDS" || true
MORE_PIDS=
expect 0 -- aa login anna --refresh-token-file "$WORLD/token" # its tokens are those of the server before
run_goes_here

# ---- bad files: the old configuration stays ----

GOOD=$(cat "$CONF")
printf '%s\n[service]\nfrob = 1\n' "$GOOD" >"$CONF"
LINE=$(grep -n frob "$CONF" | cut -d: -f1)
expect 1 "$CONF:$LINE: .*frob" -- aa reload
has_logged 'reload failed' 0
expect 1 "$CONF:$LINE: .*frob" 'was told' -- managed reload
wait_for 5 "the daemon's word" grep -q "^<3>reload failed, the old configuration stays: $CONF:$LINE: .*frob" \
    "$WORLD/daemon.log"
run_goes_here

# The same failure after a plain SIGHUP is folded, another one is not.
COUNT=$(logged 'reload failed')
trigger_hup() { kill -HUP "$DAEMON_PID"; }
trigger_hup
wait_for 5 "the folded failure" grep -q '^<7>reload failed' "$WORLD/daemon.log"
has_logged '^<3>reload failed' "$COUNT"
printf '%s\nbase_url = ftp://x\n' "[graph]" >"$CONF"
trigger_hup
wait_for 5 "the other failure" grep -q '^<3>reload failed.*graph.base_url' "$WORLD/daemon.log"
run_goes_here

rm "$CONF"
expect 1 "$CONF" -- managed reload
wait_for 5 "the failure" grep -q "^<3>reload failed.*$CONF does not exist" "$WORLD/daemon.log"
mkdir "$CONF"
expect 1 "$CONF.*is a directory" -- managed reload
wait_for 5 "the failure" grep -q "^<3>reload failed.*$CONF.*is a directory" "$WORLD/daemon.log"
rmdir "$CONF"
run_goes_here

# ---- what can not change ----

printf '%s\n' "$GOOD" | sed "s|^url = .*|url = sqlite:$WORLD/other.db|" >"$CONF"
expect 1 'was told' "$WORLD/other.db" -- managed reload
wait_for 5 "the refusal" grep -q '^<3>reload failed.*database.url can not change.*restart' "$WORLD/daemon.log"
printf '%s\n' "$GOOD" | sed "s|^directory = .*|directory = $WORLD/other|; s|^max_requests = .*|max_requests = 9|" >"$CONF"
expect 1 'keys.directory can not change.*restart' -- aa reload
expect 1 '"outcome":"failed"' -- aa reload --json
printf '%s\n' "$GOOD" >"$CONF"
run_goes_here

# ---- good again ----

expect 0 'nothing changed' -- aa reload
has_logged '^<6>configuration read again: nothing changed' 1

# Two who ask at once both get an answer.
aa reload >"$WORLD/one" 2>&1 &
ONE=$!
expect 0 'nothing changed' -- aa reload
wait "$ONE" || fail "the other one: $(cat "$WORLD/one")"

# ---- no answer ----

kill -STOP "$DAEMON_PID"
expect 75 'has not answered within 1 s' -- aa reload --timeout 1
kill -CONT "$DAEMON_PID"
expect 0 -- aa reload
daemon_stop
expect 1 'the service does not run' -- aa reload
printf 'reload: %d runs\n' "$RUNS"
