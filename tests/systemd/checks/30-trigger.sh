# Runs on demand and on time, and what the audit says of who asked.

usr1_runs_every_job() {
    local before
    before=$(newest_run)
    mark
    systemctl kill -s USR1 $UNIT
    eventually 60 ended_after "$before" 3
    same "success 3" "$(sql "SELECT outcome, count(*) FROM job_runs WHERE id > $before GROUP BY outcome" | tr '|' ' ')"
    same 4500 "$(sql 'SELECT count(*) FROM appointments WHERE archive_configuration_id = 2')"
    since_mark -o json --all >"$W/good"
}
must "systemctl kill -s USR1 runs every job" usr1_runs_every_job

audit_of_last_run() { aa audit show "$(sql "SELECT parent_audit_id FROM job_runs WHERE id = $(last_run)")" --json; }

queued_value_runs_one() {
    local before
    before=$(newest_run)
    sh -c 'echo $$ >"$1"; exec /bin/kill -q 1 -s USR1 "$2"' sh "$W/asker" "$(main_pid)"
    eventually 30 ended_after "$before" 1
    same "1 signal success" "$(sql "SELECT job_id, run_trigger, outcome FROM job_runs WHERE id > $before" | tr '|' ' ')"
    newest_run >"$W/run"
    has "$(audit_of_last_run)" "\"asked_pid\":$(cat "$W/asker"),"
    has "$(audit_of_last_run)" '"asked_uid":0\b'
}
check "kill -q 1 runs job 1 alone, and the audit names root and the pid" queued_value_runs_one

service_user_asks() {
    local before
    before=$(newest_run)
    as_service /bin/kill -q 1 -s USR1 "$(main_pid)"
    eventually 30 ended_after "$before" 1
    newest_run >"$W/run"
    has "$(audit_of_last_run)" "\"asked_uid\":$(service_uid)\b"
}
check "the audit names another user who asked" service_user_asks

cli_asks() {
    aa job run 1 --wait
    aa audit verify
}
check "admin-assistant job run --wait" cli_asks

status_on_demand() {
    mark
    systemctl kill --kill-whom=main -s USR2 $UNIT
    eventually 10 has_lines 1 MESSAGE_ID="$(message_id STATUS)" PRIORITY=6
    has "$(since_mark -u $UNIT -o cat)" 'status: 3 jobs.*last ok [0-9]+ m?s ago; every archive complete; since the start [0-9]+ runs, 0 of them failed'
}
check "USR2 writes the status to the journal" status_on_demand

# The operator's glance.
glance() {
    local seen
    seen=$(systemctl status --no-pager --full --lines=20 $UNIT)
    has "$seen" 'Active: active \(running\)'
    has "$seen" 'Status: "3 jobs, .*last ok [0-9]+ m?s ago; every archive complete"'
    has "$seen" 'job 1 "Work": 2026-03-0[12] to .* archived in .*: 0 rows written .*unchanged'
}
check "systemctl status says whether the archive is complete" glance
