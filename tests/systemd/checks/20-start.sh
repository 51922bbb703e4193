# The operator sets it up as root, and the service starts.

# Generated events lie well inside the days that a job covers: which day it is depends on the zone, and it may be midnight.
DAYS_BACK=60
sim_up() {
    systemd-run --quiet --unit=aa-graphsim.service "$SIM_BIN/graphsim" --port-file "$W/port" \
        --data "$AA_SOURCE/tests/graphsim/data" --generate "3:4500:600:$(date -d "-$((DAYS_BACK - 5)) days" +%F):50"
    eventually 30 test -s "$W/port"
}
must "a stand-in server" sim_up

configured() { # KEY = VALUE of [service] …
    cat >$CONF <<CONF
[graph]
base_url = http://127.0.0.1:$(cat "$W/port")/v1.0
authority = http://127.0.0.1:$(cat "$W/port")
client_id = 00000000-0000-0000-0000-00000000c1d0
[keys]
directory = $KEYS
[service]
$(printf '%s\n' "$@")
CONF
}

archive_config() { # USERNAME E-MAIL NAME
    aa archive-config add "$1" --name "$3" --source "msgraph://$2/calendars/primary" \
        --destination "local://$1/calendars/archive" --timezone Europe/Berlin
}

# Job 1 is the sample month, job 2 five pages of generated events, job 3 will be due in 40 to 100 seconds.
set_up_as_root() {
    local days
    configured
    aa key generate
    aa db upgrade
    aa user add anna@example.com --username anna
    aa user add u0@bench.example --username u0
    (umask 077 && echo demo-refresh-token >"$W/anna" && echo bench-refresh-0 >"$W/u0")
    aa login anna --refresh-token-file "$W/anna"
    aa login u0 --refresh-token-file "$W/u0"
    days=$((($(date -u -d "$(TZ=Europe/Berlin date +%F)" +%s) - $(date -u -d 2026-03-01 +%s)) / 86400))
    archive_config anna anna@example.com Work
    archive_config u0 u0@bench.example Bench
    archive_config anna anna@example.com Soon
    same 1 "$(aa job add 1 --type calendar_archive --schedule manual --window "$((days < 1800 ? days : 1800))")"
    same 2 "$(aa job add 2 --type calendar_archive --schedule manual --window "$DAYS_BACK")"
}
must "root sets it up: key, database, users, jobs" set_up_as_root

files_belong_to_the_service() {
    same "admin-assistant admin-assistant 600" "$(stat -c '%U %G %a' $STATE/admin-assistant.db)"
    sqlite3 $STATE/admin-assistant.db "BEGIN IMMEDIATE; ROLLBACK;" ".shell stat -c '%n %U' $STATE/*" >"$W/files"
    has "$(cat "$W/files")" '-wal admin-assistant$'
    has "$(cat "$W/files")" '-shm admin-assistant$'
}
check "what root makes in the state directory belongs to the service" files_belong_to_the_service

keys_are_roots() {
    same "root root 400" "$(stat -c '%U %G %a' $KEYS/*.key)"
    fails as_service cat $KEYS/*.key
    fails as_service ls $KEYS
}
check "keys on disk are closed to the service's user" keys_are_roots

# A lock on the database is in the way of the start.
hold_lock() { # until $W/unlock is there
    { echo 'BEGIN IMMEDIATE; SELECT 1;' && eventually 20 test -e "$W/unlock" && echo 'ROLLBACK;'; } |
        sqlite3 $STATE/admin-assistant.db >"$W/locked"
}
start_waits_for_ready() {
    mark
    hold_lock &
    eventually 10 test -s "$W/locked"
    systemctl enable --now $UNIT &
    eventually 10 isnt_prop MainPID 0
    sleep 1
    is_prop ActiveState activating
    touch "$W/unlock"
    wait
    is_prop ActiveState active
    has "$(since_mark -u $UNIT -o cat "MESSAGE_ID=$(message_id STARTED)")" "started, database $STATE/admin-assistant.db"
}
must "enable --now waits for READY" start_waits_for_ready
check "the status line counts the jobs" status_has '^2 jobs; no run has succeeded yet'

soon() {
    local second
    second=$(date +%-S)
    same 3 "$(aa job add 3 --type calendar_archive --schedule daily --window 7 \
        --at "$(TZ=Europe/Berlin date -d "+$((second < 20 ? 60 : 120)) seconds" +%H:%M)")"
    eventually 10 status_has '^3 jobs, next "Soon" [0-9:]* Europe/Berlin in [0-9]+ s; no run has succeeded yet'
}
check "a job added by root appears in the status line, with when it is due" soon

credentials() {
    local id directory=/run/credentials/$UNIT
    id=$(basename "$KEYS"/*.key .key)
    same "keys_$id.key" "$(ls "$directory")"
    cmp "$KEYS/$id.key" "$directory/keys_$id.key"
    as_service cat "$directory/keys_$id.key" >"$W/seen"
    has "$(aa key status --json)" "\"id\":\"$id\",\"encrypts\":true,\"secrets\":[1-9]"
}
check "the service has the key as a credential, under the same id" credentials
