# Stops and hangs in the middle of a run.  Jobs 4 and 5 have an archive of their own that is still empty.

two_more_jobs() {
    for n in 1 2; do
        aa user add u$n@bench.example --username u$n
        (umask 077 && echo bench-refresh-$n >"$W/u$n")
        aa login u$n --refresh-token-file "$W/u$n"
        archive_config u$n u$n@bench.example Slow$n
        aa job add $((n + 3)) --type calendar_archive --schedule manual --window "$DAYS_BACK"
    done
}
check "two more users and jobs" two_more_jobs

appointments_of() { sql "SELECT count(*) FROM appointments WHERE archive_configuration_id = $1"; }
progress_is() { same "$1" "$(sql "SELECT state, step, json_extract(counts, '\$.pages') FROM job_runs WHERE id = $(newest_run)" | tr '|' ' ')"; }
begin_slow_run() { # JOB MILLISECONDS that its third page takes
    sim clear ''
    sim forget ''
    sim fault "{\"match\": \"calendarView\", \"skip\": 2, \"times\": 1, \"action\": {\"delay_ms\": $2}}"
    /bin/kill -q "$1" -s USR1 "$(main_pid)"
    eventually 20 progress_is "running fetch 2"
    newest_run >"$W/run"
}

# Each page that was stored was asked for once, whatever came in between.
asked_once() { # PAGES
    sim_log | grep -oE '"raw":\s*"[^"]*calendarView[^"]*"' |
        awk -v pages="$1" '!n[$0]++ { page[++last] = $0 } END { for (i = 1; i <= pages; i++) if (n[page[i]] != 1) exit 1 }'
}

stop_drains() {
    begin_slow_run 4 3000
    systemctl stop $UNIT
    is_prop Result success
    is_prop ExecMainCode 1
    is_prop ExecMainStatus 0
    progress_is "waiting fetch 2"
    same 0 "$(appointments_of 4)"
}
check "stop parks the run between two pages and ends with 0" stop_drains

start_goes_on() {
    systemctl start $UNIT
    eventually 30 run_is "$(last_run)" "done success"
    same 4500 "$(appointments_of 4)"
    asked_once 2
}
check "the next start goes on at the same step and page" start_goes_on

watchdog_is_fed() {
    local before
    drop_in watchdog <<'CONF'
[Service]
WatchdogSec=2s
RestartSec=100ms
CONF
    systemctl restart $UNIT
    for _ in 1 2; do
        before=$(prop WatchdogTimestampMonotonic)
        eventually 5 isnt_prop WatchdogTimestampMonotonic "$before"
    done
    is_prop NRestarts 0
}
check "the watchdog is fed" watchdog_is_fed

hung() {
    local pid
    mark
    begin_slow_run 5 60000
    pid=$(main_pid)
    kill -STOP "$pid"
    eventually 30 is_prop NRestarts 1
    eventually 10 is_prop ActiveState active
    has "$(since_mark -u $UNIT -o cat)" 'Watchdog timeout'
    isnt_prop MainPID "$pid"
}
check "a hung process is ended by the watchdog and started again" hung

resumed() {
    eventually 60 run_is "$(last_run)" "done success"
    same 4500 "$(appointments_of 5)"
    asked_once 2
    has "$(audit_of_last_run)" '"operation":"interrupted"'
    aa audit verify
    aa db check
}
check "the run goes on, the archive is complete, the audit tells of the interruption" resumed
no_drop_in watchdog
systemctl restart $UNIT
