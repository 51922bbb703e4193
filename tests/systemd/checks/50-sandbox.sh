# Inside the hardened unit: what it can not do, and that all it needs works.

confined() {
    local status
    status=$(cat "/proc/$(main_pid)/status")
    has "$status" '^Uid:.*\b'"$(service_uid)"'$'
    has "$status" '^CapEff:\s*0+$'
    has "$status" '^CapBnd:\s*0+$'
    has "$status" '^NoNewPrivs:\s*1$'
    has "$status" '^Seccomp:\s*2$'
    has "$(cat /proc/1/status)" '^Seccomp:\s*0$' # so that the line above means something
    has "$(cat "/proc/$(main_pid)/limits")" '^Max core file size +0 +0 '
}
check "no capability, no new privileges, a filter for system calls, no core" confined

in_unit() { nsenter --target "$(main_pid)" --mount -- "$@"; } # as root, so that only the mounts stand in the way
in_unit_as_service() { in_unit setpriv --reuid="$(service_uid)" --regid="$(service_uid)" --clear-groups "$@"; }
read_only() { # DIRECTORY
    local said
    said=$(fails in_unit touch "$1/aa-probe" 2>&1)
    has "$said" 'Read-only file system'
}
writes_only_its_state() {
    for path in / /etc /etc/admin-assistant /usr/bin /var /var/lib /var/log /opt; do
        read_only "$path"
    done
    fails in_unit_as_service touch /home/aa-probe /root/aa-probe
    in_unit_as_service touch $STATE/aa-probe
    rm $STATE/aa-probe
    in_unit touch /tmp/aa-probe
    test ! -e /tmp/aa-probe # its /tmp is its own
    fails in_unit_as_service ls $KEYS
}
check "nothing but the state directory can be written" writes_only_its_state

descriptors() {
    local kinds
    kinds=$(ls -l "/proc/$(main_pid)/fd")
    for kind in signalfd timerfd eventpoll inotify 'admin-assistant\.db$' 'admin-assistant\.db-wal$'; do
        has "$kinds" "$kind"
    done
}
check "signalfd, timerfd, inotify and the database are open" descriptors

on_time() {
    eventually 120 ended_soon
    same "schedule success" "$(sql "SELECT run_trigger, outcome FROM job_runs WHERE $SOON" | tr '|' ' ')"
    same 1 "$(sql "SELECT julianday(started_at) - julianday(slot_at) < 3 / 86400.0 FROM job_runs WHERE $SOON")"
}
SOON="job_id = 3 AND run_trigger = 'schedule'"
ended_soon() { same done "$(sql "SELECT state FROM job_runs WHERE $SOON")"; }
check "the timer starts a job when it is due" on_time

shell_is_noticed() {
    sql 'UPDATE job_configurations SET is_active = 0 WHERE id = 3'
    eventually 10 status_has '^2 jobs;'
    sql 'UPDATE job_configurations SET is_active = 1 WHERE id = 3'
    eventually 10 status_has '^3 jobs, next "Soon"'
}
check "a change from an SQL shell is noticed" shell_is_noticed

# A host with a name and an address of its own: the connection comes about, and the certificate is for another name.
OUTSIDE=198.51.100.7
outside_up() {
    ip address add $OUTSIDE/32 dev lo
    cp /etc/hosts "$W/hosts"
    echo "$OUTSIDE graph.outside.example" >>/etc/hosts
    systemd-run --quiet --unit=aa-graphsim-tls.service "$SIM_BIN/graphsim" --tls --ca /etc/admin-assistant/ca.pem \
        --port-file "$W/tls-port"
    eventually 30 test -s "$W/tls-port"
    systemd-run --quiet --unit=aa-outside.service systemd-socket-activate --listen=$OUTSIDE:8443 \
        /lib/systemd/systemd-socket-proxyd "127.0.0.1:$(cat "$W/tls-port")"
    eventually 10 curl -sk -o /dev/null https://$OUTSIDE:8443/
}
outside_down() { # inside.sh calls it, too, if it was cut short
    systemctl stop aa-outside.service aa-graphsim-tls.service
    ip address del $OUTSIDE/32 dev lo
    cat "$W/hosts" >/etc/hosts
    rm -f "$W/hosts" /etc/admin-assistant/ca.pem
}
reaches_outside() {
    outside_up
    configured
    sed -i 's|^base_url.*|base_url = https://graph.outside.example:8443/v1.0\nca_file = /etc/admin-assistant/ca.pem|' $CONF
    systemctl restart $UNIT
    run_job 1
    has "$(sql "SELECT error_code, error_message FROM job_runs WHERE id = $(last_run)")" '^TLS\|.*graph\.outside\.example.*host name'
}
check "name look-up, TCP to another address and TLS work" reaches_outside
[ ! -e "$W/hosts" ] || outside_down
configured
systemctl restart $UNIT
