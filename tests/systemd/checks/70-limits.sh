# What happens at the limits, and who is told.

limits() {
    is_prop WatchdogUSec 1min
    is_prop TimeoutStopUSec 45s
    is_prop MemoryMax 536870912
    is_prop TasksMax 64
    same 536870912 "$(group_limit memory.max memory.limit_in_bytes memory)"
    same 64 "$(group_limit pids.max pids.max pids)"
}
check "memory, tasks and silence are limited" limits

told() { # PATTERN of what the failure template wrote
    eventually 10 is_prop ActiveState inactive admin-assistant-failure@$UNIT.service
    has "$(since_mark -t admin-assistant-failure -p crit -o cat)" "^$UNIT has failed and is not started again:\$"
    has "$(since_mark -t admin-assistant-failure -p crit -o cat)" "$1"
}
does_not_start() { # NAME=VALUE of [Service] …
    systemctl stop $UNIT
    systemctl reset-failed
    [ "$#" -eq 0 ] || printf '%s\n' '[Service]' "$@" | drop_in limits
    mark
    fails systemctl start $UNIT
    no_drop_in limits
    is_prop ActiveState failed
    is_prop NRestarts 0
}

too_few_tasks() {
    does_not_start TasksMax=1 Restart=no
    told 'Main PID: .*status=243/CREDENTIALS'
    has "$(since_mark -o cat)" 'Failed to set up credentials: Resource temporarily unavailable' # not -u: see notify.h
}
check "with too few tasks it does not start, and says why" too_few_tasks

too_little_memory() {
    does_not_start MemoryMax=2M Restart=no
    told 'Main PID: .*code=killed, signal=KILL'
    has "$(prop Result)" 'oom-kill|signal' # with version 1 of control groups systemd does not see who killed it
}
check "with too little memory it is killed, and somebody is told" too_little_memory

broken_configuration() {
    configured
    echo 'nonsense' >>$CONF
    does_not_start
    is_prop ExecMainStatus 1
    told "Status: \"$CONF:$(wc -l <$CONF): "
    configured
}
check "a broken configuration: no second try, and somebody is told where it is wrong" broken_configuration

no_keys() {
    mv $KEYS "$W/keys"
    does_not_start
    is_prop Result exit-code
    is_prop ExecMainStatus 243
    mkdir -m 700 $KEYS
    does_not_start
    told 'Status: "key directory .* holds no key; run: admin-assistant key generate"'
    rmdir $KEYS
    mv "$W/keys" $KEYS
}
check "no key directory, no key: no second try, and somebody is told" no_keys

starts_again() {
    systemctl reset-failed
    systemctl start $UNIT
    is_prop ActiveState active
}
must "it starts again when all is mended" starts_again

new_key() {
    local id
    aa key generate
    id=$(basename "$(ls $KEYS/*.key | tail -n 1)" .key)
    aa login anna --refresh-token-file "$W/anna"
    systemctl restart $UNIT
    has "$(aa key status --json)" "\"id\":\"$id\",\"encrypts\":true,\"secrets\":[1-9]"
    run_job 1
    run_is "$(last_run)" "done success"
}
check "a new key comes with a restart" new_key
