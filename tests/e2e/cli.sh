#!/usr/bin/env bash
# The operator's command, from outside: every command, what it says to wrong input, and how it ends.
# AA_BIN holds admin-assistant(d) and, unless SIM_BIN says otherwise, graphsim.
cd "$(dirname "$0")/../.."
SIM_BIN=${SIM_BIN:-$AA_BIN}
. tests/lib/world.sh

CHECKS=0

# Runs the command and expects its exit status, and each PATTERN (extended regular expression) in what it printed.
expect() { # STATUS [PATTERN…] -- COMMAND…
    local want=$1 patterns=() status=0 pattern
    shift
    while [ "$1" != "--" ]; do patterns+=("$1"); shift; done
    shift
    OUT=$("$@" 2>&1 </dev/null) || status=$?
    [ "$status" -eq "$want" ] || fail "exit status $status instead of $want from: $*
$OUT"
    for pattern in ${patterns[@]+"${patterns[@]}"}; do
        grep -Eq -e "$pattern" <<<"$OUT" || fail "no \"$pattern\" from: $*
$OUT"
    done
    CHECKS=$((CHECKS + 1))
}

refuse() { # PATTERN: not in the output of the last command
    if grep -Eq -e "$1" <<<"$OUT"; then fail "\"$1\" in: $OUT"; fi
}

is_json() { # of the last command, without what went to stderr
    printf '%s' "$OUT" >"$WORLD/out.json"
    [ "$(sqlite3 :memory: "SELECT json_valid(cast(readfile('$WORLD/out.json') AS TEXT))")" = 1 ] || fail "not JSON: $OUT"
}

# As somebody who may do less than the tests' user.
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

# A configuration of its own, which must exist before a server does.
write_conf() { # FILE LINE…
    local file=$1
    shift
    printf '%s\n' "$@" >"$file"
}

CONF=$WORLD/aa.conf
write_conf "$CONF" "[database]" "url = sqlite:$WORLD/aa.db" "[keys]" "directory = $WORLD/keys" "[graph]" "client_id = x"

# ---- usage ----

expect 0 '^usage: admin-assistant' 'job run' -- aa --help
expect 0 '^admin-assistant [0-9]+\.' -- aa --version
expect 0 'usage: admin-assistant job add ARCHIVE_CONFIG' -- aa job add --help
expect 0 'usage: admin-assistant job add' 'admin-assistant job list' -- aa job --help
expect 2 'no command given' -- aa
expect 2 'unknown command "frob"' 'usage:' -- aa frob
expect 2 'unknown command "db frob"' 'admin-assistant db check' -- aa db frob
expect 2 'unknown option "--frob"' 'usage: admin-assistant user list' -- aa user list --frob
expect 2 'EMAIL is missing' 'usage: admin-assistant user add EMAIL' -- aa user add
expect 2 'unexpected argument "x"' -- aa status x
expect 2 '--config needs a value' -- aa --config
expect 2 'ID: "one" is not an id' -- aa audit show one
expect 2 '--schedule is missing' -- aa job add 1 --type calendar_archive
expect 2 '--type: "backup" is not one of calendar_archive\|timesheet' -- aa job add 1 --type backup --schedule daily
expect 2 '--at: "24:00" is not a time' -- aa job add 1 --type timesheet --schedule daily --at 24:00
expect 2 '--day is missing' -- aa job add 1 --type timesheet --schedule weekly
expect 2 '--day: "monday" is not one of' -- aa job add 1 --type timesheet --schedule weekly --day monday
expect 2 '--day: "32" is not a day of the month' -- aa job add 1 --type timesheet --schedule monthly --day 32
expect 2 '--day does not go with --schedule daily' -- aa job add 1 --type timesheet --schedule daily --day mon
expect 2 '--at does not go with --schedule manual' -- aa job add 1 --type timesheet --schedule manual --at 10:00
expect 2 '--window: "0" is not a number' -- aa job add 1 --type timesheet --schedule daily --window 0
expect 2 '--from: "2026-02-30" is not a date' -- aa job run 1 --from 2026-02-30

# The manual page knows every command.
while read -r words; do
    grep -Fq " $words" man/admin-assistant.1 || fail "man/admin-assistant.1 does not know \"$words\""
done < <(aa --help | sed -n 's/^  \([a-z -]*[a-z]\)   *[a-z].*$/\1/p')

# ---- configuration ----

expect 1 "$WORLD/none.conf" -- "$AA_BIN/admin-assistant" --config "$WORLD/none.conf" status
expect 1 "$WORLD" 'is a directory' -- "$AA_BIN/admin-assistant" --config "$WORLD" status
write_conf "$WORLD/bad.conf" "[database]" "url sqlite:$WORLD/aa.db"
expect 1 "$WORLD/bad.conf:2: .*key = value" -- "$AA_BIN/admin-assistant" --config "$WORLD/bad.conf" status
write_conf "$WORLD/bad.conf" "[database]" "url = sqlite:$WORLD/aa.db" "path = x"
expect 1 "$WORLD/bad.conf:3: .*path" -- "$AA_BIN/admin-assistant" --config "$WORLD/bad.conf" status
write_conf "$WORLD/bad.conf" "[server]" "port = 1"
expect 1 "$WORLD/bad.conf:[12]: .*server" -- "$AA_BIN/admin-assistant" status --config "$WORLD/bad.conf"
write_conf "$WORLD/bad.conf" "[graph]" "base_url = http://graph.example.com/v1.0"
expect 1 'base_url' 'https' -- "$AA_BIN/admin-assistant" --config "$WORLD/bad.conf" status
write_conf "$WORLD/bad.conf" "[database]" "url = postgres://db"
expect 1 'url' 'sqlite:' -- "$AA_BIN/admin-assistant" --config "$WORLD/bad.conf" status

# ---- keys ----

expect 1 'no such file' 'db upgrade' -- aa status
expect 1 "$WORLD/keys" 'key generate' -- aa key status
expect 0 "$WORLD/keys/[0-9a-f-]+\.key" -- aa key generate
[ "$(stat -c %a "$WORLD/keys")" = 700 ] || fail "the key directory is open"
KEY=$(echo "$WORLD"/keys/*.key)
expect 0 'ENCRYPTS' "$(basename "$KEY" .key)  +yes" -- aa key status
expect 0 -- aa db upgrade
chmod 644 "$KEY"
expect 1 "$KEY" 'read' -- aa key status
expect 1 "$KEY" -- aa user add eve@example.com
chmod 400 "$KEY"
cp "$KEY" "$WORLD/keys/zz.key"
chmod 600 "$WORLD/keys/zz.key"
printf 'abc\n' >"$WORLD/keys/zz.key"
expect 1 'zz.key' '64' -- aa key status
rm -f "$WORLD/keys/zz.key"

# ---- database ----

rm -f "$WORLD"/aa.db*
expect 0 'applied 0001 core' 'is at version' -- aa db upgrade
[ "$(stat -c %a "$WORLD/aa.db")" = 600 ] || fail "the database is open to others"
expect 0 'nothing to do' -- aa db upgrade
expect 0 'state: +current' -- aa db current
expect 0 '"state":"current"' -- aa db current --json
is_json
expect 0 'core' 'SHA-256' -- aa db history
expect 0 '"version":1' -- aa --json db history
is_json
expect 0 'no problem found' -- aa db check

at_db() { "$AA_BIN/admin-assistant" --config "$WORLD/other.conf" "$@"; }
write_conf "$WORLD/other.conf" "[database]" "url = sqlite:$WORLD/other.db" "[keys]" "directory = $WORLD/keys"
mkdir "$WORLD/other.db"
expect 1 "$WORLD/other.db" 'is a directory' -- at_db status
expect 1 "$WORLD/other.db" 'is a directory' -- at_db db upgrade
expect 1 "$WORLD/other.db" 'is a directory' -- "$AA_BIN/admin-assistantd" --config "$WORLD/other.conf"
rmdir "$WORLD/other.db"
printf 'this is no database, just some text that is long enough to be read\n%.0s' {1..20} >"$WORLD/other.db"
expect 1 "$WORLD/other.db" -- at_db status
rm -f "$WORLD"/other.db*
sqlite3 "$WORLD/other.db" 'CREATE TABLE somebody_elses (x)'
expect 1 "$WORLD/other.db" -- at_db db upgrade
rm -f "$WORLD"/other.db*
expect 0 -- at_db db upgrade
sqlite3 "$WORLD/other.db" "PRAGMA user_version = 99; INSERT INTO schema_migrations VALUES (99, 'future', 'x', '2030-01-01 00:00:00.000000', '9.9')"
expect 1 '99' 'newer' -- at_db status
expect 1 '99' -- at_db db upgrade
rm -f "$WORLD"/other.db*
sqlite3 "$WORLD/other.db" 'PRAGMA journal_mode = WAL' >/dev/null
expect 1 'db upgrade' -- at_db user list
rm -f "$WORLD"/other.db*
expect 0 -- at_db db upgrade
sqlite3 "$WORLD/other.db" "UPDATE schema_migrations SET sha256 = 'changed' WHERE version = 1"
expect 1 'core' -- at_db status
rm -f "$WORLD"/other.db*

# Locked by another process for longer than anybody waits: busy.
coproc LOCK { sqlite3 "$WORLD/aa.db"; }
printf 'BEGIN IMMEDIATE;\nSELECT 1;\n' >&"${LOCK[1]}"
read -r _ <&"${LOCK[0]}"
expect 5 'locked' -- aa user add late@example.com
LOCK_PIPE=${LOCK[1]}
exec {LOCK_PIPE}>&-
wait "$LOCK_PID" 2>/dev/null || true

if [ "$(id -u)" = 0 ] && as_nobody test -x "$AA_BIN/admin-assistant"; then
    # A reader's copy of everything, in a directory that cannot be written.
    mkdir "$WORLD/ro" "$WORLD/ro/keys"
    cp "$WORLD/aa.db" "$WORLD/ro/"
    cp "$KEY" "$WORLD/ro/keys/"
    write_conf "$WORLD/ro/aa.conf" "[database]" "url = sqlite:$WORLD/ro/aa.db" "[keys]" "directory = $WORLD/ro/keys"
    chown -R 65534:65534 "$WORLD/ro"
    chmod 444 "$WORLD/ro/aa.db" "$WORLD/ro/aa.conf"
    chmod 700 "$WORLD/ro/keys"
    chmod 555 "$WORLD/ro"
    chmod 711 "$WORLD"
    expect 1 "$WORLD/ro/aa.db" 'can not be written|read-only' -- \
        as_nobody "$AA_BIN/admin-assistant" --config "$WORLD/ro/aa.conf" user add x@example.com
    chmod 700 "$WORLD"
fi

# ---- users ----

expect 0 'no users' -- aa user list
expect 0 '^1$' -- aa user add anna@example.com --username anna --name "Anna Lindqvist"
expect 0 '^\{"id":2\}$' -- aa user add bert@example.com --json
expect 1 'ANNA@example.com' 'exists' -- aa user add ANNA@example.com
expect 1 'anna' -- aa user add other@example.com --username anna
expect 1 'not-an-address' -- aa user add not-an-address
expect 0 'anna@example.com' 'Anna Lindqvist' -- aa user list
expect 0 '"email":"bert@example.com","username":null' -- aa user list --json
is_json
expect 1 'nobody' -- aa user deactivate nobody
expect 0 -- aa user deactivate 2
expect 0 'bert@example.com +no' -- aa user list

# ---- archive configurations ----

SOURCE=msgraph://anna@example.com/calendars/primary
TARGET=local://anna/calendars/archive
add_config() { aa archive-config add anna --name "$1" --source "$2" --destination "$3" --timezone "$4" "${@:5}"; }
expect 0 'no archive configurations' -- aa archive-config list
expect 0 '^1$' -- add_config Work "$SOURCE" "$TARGET" Europe/Berlin
expect 0 'note: "W. Europe Standard Time" is Europe/Berlin' '^2$' -- \
    add_config Sheets "$SOURCE" local://anna/calendars/sheets "W. Europe Standard Time" --purpose timesheet --no-overlaps
expect 1 'already' -- add_config Work "$SOURCE" "$TARGET" Europe/Berlin
expect 1 'gopher' -- add_config A gopher://anna/calendars/x "$TARGET" Europe/Berlin
expect 1 'msgraph://anna@example.com' -- add_config A msgraph://anna@example.com "$TARGET" Europe/Berlin
expect 1 'bert@example.com' -- add_config A msgraph://bert@example.com/calendars/primary "$TARGET" Europe/Berlin
expect 1 'Europe/Atlantis' -- add_config A "$SOURCE" "$TARGET" Europe/Atlantis
expect 1 'names no zone' -- add_config A "$SOURCE" "$TARGET" 'tzone://Microsoft/Custom'
expect 1 '\.\./etc/passwd' -- add_config A "$SOURCE" "$TARGET" ../etc/passwd
expect 1 'carl' -- aa archive-config add carl --name A --source "$SOURCE" --destination "$TARGET" --timezone UTC
expect 2 '--purpose' -- add_config A "$SOURCE" "$TARGET" UTC --purpose other
expect 0 'Work' 'Europe/Berlin' 'timesheet' -- aa archive-config list
expect 0 '"allow_overlaps":false' '"keep_declined":false' -- aa archive-config list --json
is_json
expect 2 'nothing to change' -- aa archive-config set 1
expect 0 -- aa archive-config set 1 --timezone Europe/Paris --keep-declined yes --skip-cancelled no
expect 0 '"timezone":"Europe/Paris".*"skip_cancelled":false,"keep_declined":true' -- aa archive-config list --json
expect 1 'bert@example.com' -- aa archive-config set 1 --source msgraph://bert@example.com/calendars/primary
expect 1 'Mars/Base' -- aa archive-config set Work --timezone Mars/Base
expect 1 '77' -- aa archive-config set 77 --timezone UTC
expect 0 -- aa archive-config set Work --timezone Europe/Berlin
expect 0 -- aa archive-config deactivate Sheets
expect 0 'timesheet +no' -- aa archive-config list
expect 1 '77' -- aa archive-config deactivate 77

# ---- jobs ----

expect 0 'no jobs' -- aa job list
expect 0 '^1$' -- aa job add 1 --type calendar_archive --schedule daily --at 22:30 --window 7 --catch-up all
expect 1 'exist|already' -- aa job add 1 --type calendar_archive --schedule manual
expect 1 '77' -- aa job add 77 --type calendar_archive --schedule daily
expect 1 'deactivated' -- aa job add Sheets --type timesheet --schedule monthly --day 31
expect 0 '^2$' -- aa job add Work --type timesheet --schedule weekly --day sun
expect 0 'daily 22:30' 'weekly sun 23:59' -- aa job list
expect 0 '"catch_up":"all"' '"schedule_day_of_week":6' -- aa job list --json
is_json
expect 2 '--reason is missing' -- aa job pause 1
expect 0 -- aa job pause 1 --reason "moving house"
expect 0 'paused' 'moving house' -- aa job list
expect 1 'moving house' -- aa job pause 1 --reason again
expect 1 'paused' -- aa job run 1
expect 0 -- aa job resume 1
expect 1 '1' -- aa job resume 1
expect 1 '77' -- aa job pause 77 --reason x
expect 0 'nothing has run' -- aa job history
expect 1 '77' -- aa job history 77

# ---- reading an empty archive ----

expect 0 'no appointments' -- aa appointment list anna
expect 0 '^\[\]$' -- aa appointment list anna --from today --json
expect 2 '--to is before --from' -- aa appointment list anna --from 2026-03-02 --to 2026-03-01
expect 1 'nobody' -- aa appointment list nobody
expect 1 '77' -- aa appointment show 77
expect 0 'nothing waits' -- aa action list
expect 1 '77' -- aa action show 77
expect 0 'known here' -- aa calendar list anna
expect 0 'service: +not running' 'jobs active: +2' -- aa status
expect 0 '"is_running":false' '"pid":null' -- aa status --json
is_json

# ---- sign-in ----

sim_start --data tests/graphsim/data
config_write
token_file() { # NAME TOKEN MODE
    printf '%s\n' "$2" >"$WORLD/$1"
    chmod "$3" "$WORLD/$1"
}
token_file good demo-refresh-token 600
token_file open demo-refresh-token 644
token_file wrong no-such-refresh-token 600
token_file empty '' 600
expect 4 'login' -- aa calendar list anna --remote
expect 1 'others may read it' 'chmod 600' -- aa login anna --refresh-token-file "$WORLD/open"
expect 1 'is empty' -- aa login anna --refresh-token-file "$WORLD/empty"
expect 1 'is a directory' -- aa login anna --refresh-token-file "$WORLD/keys"
token_file garbled $'demo-refresh\x01token' 600
expect 1 "$WORLD/garbled" 'holds no refresh token' -- aa login anna --refresh-token-file "$WORLD/garbled"
refuse 'demo-refresh'
token_file two 'demo-refresh-token demo-refresh-token' 600
expect 1 'holds no refresh token' -- aa login anna --refresh-token-file "$WORLD/two"
expect 1 "$WORLD/missing" -- aa login anna --refresh-token-file "$WORLD/missing"
expect 1 'nobody' -- aa login nobody --refresh-token-file "$WORLD/good"
expect 1 'deactivated' -- aa login bert@example.com --refresh-token-file "$WORLD/good"
expect 4 -- aa login anna --refresh-token-file "$WORLD/wrong"
refuse 'no-such-refresh-token'
[ -z "$(sql "SELECT 1 FROM users WHERE ms_refresh_token IS NOT NULL")" ] || fail "a refused token was stored"
expect 0 'anna@example.com is signed in' -- aa login anna --refresh-token-file "$WORLD/good"
refuse 'demo-refresh-token'
[ "$(sql "SELECT ms_refresh_token LIKE 'v1.%' AND ms_auth_state = 'ok' FROM users WHERE id = 1")" = 1 ] ||
    fail "the token is not stored sealed"
if grep -aq 'demo-refresh-token' "$WORLD"/aa.db*; then fail "a token is in the database as plain text"; fi
BEFORE=$(sql "SELECT ms_refresh_token FROM users WHERE id = 1")
expect 4 -- aa login anna --refresh-token-file "$WORLD/wrong"
[ "$BEFORE" = "$(sql "SELECT ms_refresh_token FROM users WHERE id = 1")" ] || fail "a refused token replaced a good one"
expect 0 "$(basename "$KEY" .key) +yes +2" -- aa key status
mv "$KEY" "$WORLD/lost.key"
expect 0 -- aa key generate
expect 1 '2 stored secrets are sealed with a key that is not in' 'backup' -- aa key status
rm -f "$WORLD"/keys/*.key
mv "$WORLD/lost.key" "$KEY"
expect 0 'primary' 'Client work' -- aa calendar list anna --remote
expect 0 '"is_default":true' -- aa calendar list anna --remote --json
is_json
expect 0 'signed out' -- aa logout anna
expect 4 'login' -- aa calendar list anna --remote
[ -z "$(sql "SELECT 1 FROM users WHERE ms_refresh_token IS NOT NULL OR ms_access_token IS NOT NULL")" ] ||
    fail "tokens are left after the logout"
from_pipe() { aa login anna --refresh-token-file - <"$WORLD/good"; }
expect 0 'is signed in' -- from_pipe
expect 0 -- aa logout anna

# By device code: the sample state lets it succeed at the third question.
expect 0 'Open https?://[^ ]+ and type [A-Z0-9-]+' 'is signed in' -- aa login anna
expect 0 -- aa logout anna
sim_post load '{"device_code": {"user": "anna@example.com", "pending": 0, "interval": 1, "outcome": "declined"}}'
expect 4 'Open ' -- aa login anna
sim_post load '{"device_code": {"user": "anna@example.com", "pending": 1000, "interval": 1, "outcome": "success"}}'
interrupted_login() {
    local status=0 pid
    setsid "$AA_BIN/admin-assistant" --config "$CONF" login anna >"$WORLD/login.log" 2>&1 &
    pid=$!
    wait_for 20 "the code" grep -q 'Open ' "$WORLD/login.log"
    kill -TERM "$pid"
    wait "$pid" || status=$?
    cat "$WORLD/login.log"
    return "$status"
}
expect 75 'Open ' -- interrupted_login
[ -z "$(sql "SELECT 1 FROM users WHERE ms_refresh_token IS NOT NULL")" ] || fail "an interrupted sign-in stored something"

config_write "client_secret_file = $WORLD/good" "tenant = contoso.example"
expect 0 'no user needs' -- aa login anna
chmod 644 "$WORLD/good"
expect 1 "$WORLD/good" 'open to everybody' 'chmod 600' -- aa calendar list anna --remote
chmod 600 "$WORLD/good"
config_write "client_secret_file = $WORLD/empty" "tenant = contoso.example"
expect 1 "$WORLD/empty" 'is empty' -- aa calendar list anna --remote
config_write
sed -i '/^client_id/d' "$CONF"
expect 1 'client_id' -- aa login anna
config_write
expect 0 'is signed in' -- aa login anna --refresh-token-file "$WORLD/good"

# ---- runs ----

FIRST=2026-03-01
LAST=2026-03-31
expect 0 -- aa archive-config add anna --name March --source "$SOURCE" --destination "$TARGET" --timezone Europe/Berlin
expect 0 '^3$' -- aa job add March --type calendar_archive --schedule manual
expect 0 -- aa archive-config deactivate Work
expect 1 'not active' -- aa job run 1
expect 1 '77' -- aa job run 77
expect 1 'before it begins' -- aa job run 3 --from $LAST --to $FIRST
expect 75 'no daemon is running' 'asked for: job 3, 2026-03-01 to 2026-03-01, dry run' -- \
    aa job run 3 --from $FIRST --dry-run --wait
expect 0 'queued' 'request' -- aa job history 3
expect 0 '"to_date":"2026-03-02"' '"is_dry":true' -- aa job history --json
is_json
expect 0 'runs queued: +1' -- aa status

daemon_start
wait_for 30 "the queued run" runs_done 1
[ "$(sql 'SELECT count(*) FROM appointments')" -eq 0 ] || fail "a dry run wrote to the archive"
# A job added while the daemon runs is planned at once: the daemon is told.
expect 0 -- aa archive-config add anna --name Late --source "$SOURCE" --destination "$TARGET" --timezone Europe/Berlin
expect 0 -- aa job add Late --type calendar_archive --schedule daily --at 03:00
planned() { [ "$(sql "SELECT count(*) FROM job_configurations WHERE next_run_at IS NULL AND is_active = 1 AND schedule_type = 'daily' AND archive_configuration_id = (SELECT id FROM archive_configurations WHERE name = 'Late')")" = 0 ]; }
wait_for 10 "the new job's due time" planned
expect 0 'run 2 asked for: job 3, 2026-03-01 to 2026-03-31' 'run 2: success: [0-9]+ events, [0-9]+ new' -- \
    aa job run 3 --from $FIRST --to $LAST --wait
[ "$(sql "SELECT count(*) FROM job_runs")" -eq 2 ] || fail "the signal of job run made a run of its own"
expect 0 '"outcome":"success"' -- aa job run 3 --from $FIRST --to $LAST --wait --json
is_json
expect 0 'service: +running, pid [0-9]+' 'last success: .* ago' -- aa status
expect 0 'success' -- aa job history 3
expect 0 'Acme project weekly' 'START \(Europe/Berlin\)' -- aa appointment list anna --from $FIRST --to $LAST
expect 0 '"start_time":"2026-03-[0-9]{2}T[0-9:]{8}Z"' -- aa appointment list anna --from $FIRST --to $LAST --json
is_json
expect 0 'VERSION' -- aa appointment show 1
expect 0 'as Graph sent it' -- aa appointment show 1 --raw
expect 0 '"versions":\[\{"version":1' '"raw":\[' -- aa appointment show 1 --raw --json
is_json
expect 0 'remote|local' -- aa calendar list anna
expect 0 'calendar_archive' -- aa audit list --user anna --limit 200
expect 0 '"correlation_id"' -- aa audit list --json
is_json
AUDIT=$(sql "SELECT parent_audit_id FROM job_runs WHERE outcome = 'success' AND is_dry = 0 ORDER BY id LIMIT 1")
expect 0 "^#$AUDIT " '^  - #' -- aa audit show "$AUDIT"
expect 0 '"children":\[\{' -- aa audit show "$AUDIT" --json
is_json
expect 1 '999999' -- aa audit show 999999
expect 1 'nobody' -- aa audit list --user nobody

expect 0 'run [0-9]+ asked for' -- aa job run 3 --from $FIRST
expect 0 '^\{"id":[0-9]+\}$' -- aa job run 3 --from $FIRST --to yesterday --json

# Interrupted, the command ends and the run does not.  (In the background of a script SIGINT would be ignored.)
interrupted_wait() {
    local status=0 pid
    env --default-signal=INT "$AA_BIN/admin-assistant" --config "$CONF" job run 3 --from $FIRST --wait >"$WORLD/wait.log" 2>&1 &
    pid=$!
    wait_for 20 "the request" grep -q 'asked for' "$WORLD/wait.log"
    wait_for 20 "the wait" grep -q '^SigBlk:.*2$' "/proc/$pid/status"
    kill -INT "$pid"
    wait "$pid" || status=$?
    cat "$WORLD/wait.log"
    return "$status"
}
no_open_runs() { [ "$(sql "SELECT count(*) FROM job_runs WHERE state <> 'done'")" = 0 ]; }
wait_for 30 "the runs asked for" no_open_runs
sim_post latency 1000
expect 130 'goes on without you' -- interrupted_wait
sim_post clear ''
wait_for 30 "the run that was left" no_open_runs
[ "$(sql "SELECT count(*) FROM job_runs WHERE outcome <> 'success'")" = 0 ] || fail "a run failed"

# A sign-in that no longer works: the run says so by its exit status, and a task waits for a person.
sim_post fault '{"expire_access_tokens": true, "revoke_refresh_tokens": true}'
sim_post fault '{"match": "/token", "action": {"oauth_error": "invalid_grant", "aadsts": 50173}}'
expect 4 'run [0-9]+: failure' -- aa job run 3 --from $FIRST --to $LAST --wait
expect 0 'login|sign' -- aa action list
ACTION=$(sql "SELECT min(id) FROM action_log")
expect 0 'anna@example.com' -- aa action show "$ACTION"
expect 0 '"event_type"' -- aa action show "$ACTION" --json
is_json
expect 0 'reauth_needed' -- aa user list
daemon_stop

expect 0 'links verified' -- aa audit verify
expect 0 '"ok":true' -- aa audit verify --json
is_json
cp "$WORLD/aa.db" "$WORLD/other.db"
write_conf "$WORLD/other.conf" "[database]" "url = sqlite:$WORLD/other.db" "[keys]" "directory = $WORLD/keys"
sqlite3 "$WORLD/other.db" "DROP TRIGGER audit_log_no_update; UPDATE audit_log SET operation = 'user_find' WHERE id = 1"
expect 1 'audit' -- at_db audit verify
expect 0 'no problem found' -- aa db check

# What is printed must arrive.
full_disk() { aa user list >/dev/full; }
expect 1 'could not be written' -- full_disk

printf 'cli: %d checks passed\n' "$CHECKS"
