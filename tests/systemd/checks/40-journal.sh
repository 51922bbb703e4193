# What the journal says of good runs and of bad ones.

good_fields() {
    local line
    line=$(grep "$(message_id RUN_OK)" "$W/good" | grep '"AA_JOB":"1"')
    same 1 "$(wc -l <<<"$line")"
    for field in '"PRIORITY":"6"' '"AA_RUN":"[0-9]+"' '"AA_USER":"1"' '"AA_OUTCOME":"success"' \
        '"AA_CORRELATION":"[0-9a-f-]{36}"' '"AA_STEP":"finish"' "\"_SYSTEMD_UNIT\":\"$UNIT\"" "\"_UID\":\"$(service_uid)\"" \
        '"SYSLOG_IDENTIFIER":"admin-assistantd"' '"MESSAGE":"job 1 \\"Work\\": 2026-03-0[12] to .* archived in '; do
        has "$line" "$field"
    done
    hasnt "$line" 'AA_GRAPH_REQUEST_ID|AA_ERROR'
    same "$(sed -E 's/.*"AA_CORRELATION":"([^"]*)".*/\1/' <<<"$line")" \
        "$(sql "SELECT correlation_id FROM job_runs WHERE id = $(sed -E 's/.*"AA_RUN":"([^"]*)".*/\1/' <<<"$line")")"
}
check "fields of a good run" good_fields

nothing_to_do() {
    same "" "$(journalctl -q -b -u $UNIT -p warning -o cat)"
}
check "journalctl -p warning is empty after good runs" nothing_to_do

explained() {
    local seen
    seen=$(journalctl -q -b -x -u $UNIT "MESSAGE_ID=$(message_id RUN_OK)" AA_JOB=1 -n 1)
    has "$seen" 'Subject: An archive run is complete'
    has "$seen" 'Every event of the window of job 1 is in the archive'
}
check "journalctl -x explains a line" explained

# Three things go wrong: a refusal, an answer that is no answer, and a sign-in that was revoked.
failures_are_the_warnings() {
    mark
    sim fault '{"match": "calendarView", "times": 1, "action": {"status": 403}}'
    run_job 1
    run_is "$(last_run)" "done failure"
    last_run >"$W/refused"
    run_job 1
    run_is "$(last_run)" "done success"
    sim fault '{"revoke_refresh_tokens": "u0@bench.example"}'
    run_job 2
    run_is "$(last_run)" "done failure"
    has_lines 2 -p warning
    has_lines 1 PRIORITY=3 MESSAGE_ID="$(message_id RUN_FAIL)" AA_JOB=1 AA_OUTCOME=failure AA_ERROR=DENIED
    has_lines 1 PRIORITY=3 MESSAGE_ID="$(message_id LOGIN)" AA_JOB=2 AA_USER=2 AA_ERROR=LOGIN
}
check "journalctl -p warning has exactly the failures" failures_are_the_warnings

request_id() {
    local line id
    line=$(since_mark -o json -u $UNIT "AA_RUN=$(cat "$W/refused")" "MESSAGE_ID=$(message_id RUN_FAIL)")
    id=$(sed -nE 's/.*"AA_GRAPH_REQUEST_ID":"([^"]+)".*/\1/p' <<<"$line")
    has "$id" '^[0-9a-f-]{36}$'
    has "$(sim_log)" "\"request_id\":\s*\"$id\""
}
check "a failed request is named as Graph names it" request_id

sign_in_again() {
    has "$(since_mark -x -u $UNIT "MESSAGE_ID=$(message_id LOGIN)")" 'no longer accepts the stored sign-in of user 2'
    eventually 10 status_has '1 login needed'
    sim load '{"users": [{"upn": "u0@bench.example", "refresh_token": "bench-refresh-anew"}]}'
    (umask 077 && echo bench-refresh-anew >"$W/u0")
    aa login u0 --refresh-token-file "$W/u0"
    run_job 2
    run_is "$(last_run)" "done success"
    hasnt "$(prop StatusText)" 'login needed'
}
check "a sign-in clears what it asked for, without a restart" sign_in_again

no_secrets() {
    hasnt "$(journalctl -q -b -o json --all -u $UNIT)" 'bench-refresh|demo-refresh|Bearer '
}
check "no token in the journal" no_secrets
