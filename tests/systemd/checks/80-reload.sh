# systemctl reload waits for the outcome.

good_reload() {
    local pid
    pid=$(main_pid)
    mark
    configured 'drain_seconds = 20'
    systemctl reload $UNIT
    has_lines 1 PRIORITY=6 MESSAGE_ID="$(message_id RELOADED)"
    has "$(since_mark -u $UNIT -o cat)" 'changed: service.drain_seconds'
    same "$pid" "$(main_pid)"
}
check "reload takes a good configuration" good_reload

bad_reload() {
    local pid
    pid=$(main_pid)
    mark
    echo 'nonsense' >>$CONF
    fails systemctl reload $UNIT
    is_prop ActiveState active
    same "$pid" "$(main_pid)"
    eventually 5 status_has 'RELOAD FAILED'
    status_has "$CONF:$(wc -l <$CONF): "
    has_lines 1 PRIORITY=3 MESSAGE_ID="$(message_id RELOAD_FAILED)"
    has "$(since_mark -x -u $UNIT "MESSAGE_ID=$(message_id RELOAD_FAILED)")" 'goes on with the configuration it has'
    run_job 1
    run_is "$(last_run)" "done success"
}
check "reload refuses a bad one, says so everywhere, and the old one still works" bad_reload

mended_reload() {
    configured 'drain_seconds = 20'
    systemctl reload $UNIT
    eventually 5 status_has '^6 jobs'
    hasnt "$(prop StatusText)" 'RELOAD'
}
check "and takes the mended one" mended_reload

good_end() {
    systemctl stop $UNIT
    is_prop Result success
    is_prop ActiveState inactive
    systemctl reset-failed
    same "" "$(systemctl --failed --legend=no --plain)"
    same "" "$(find /etc /usr -user admin-assistant)"
}
check "it stops, and has left nothing outside" good_end
