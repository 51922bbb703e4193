#!/usr/bin/env bash
# The operator's command, from outside: every command, what it says to wrong input, and how it ends.
# AA_BIN holds admin-assistant(d) and, unless SIM_BIN says otherwise, graphsim.
cd "$(dirname "$0")/../.."
SIM_BIN=${SIM_BIN:-$AA_BIN}
. tests/lib/world.sh
. tests/lib/expect.sh

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
expect 2 'nothing to change' -- aa job set 1
expect 2 'JOB: "Work" is not an id' -- aa job set Work --at 10:00
expect 2 '--schedule: "hourly" is not one of' -- aa job set 1 --schedule hourly
expect 2 '--day does not go with --schedule daily' -- aa job set 1 --schedule daily --day mon
expect 2 '--day: "3" is not one of mon' -- aa job set 1 --schedule weekly --day 3
expect 2 '--day: "mon" is not a day of the month' -- aa job set 1 --schedule monthly --day mon
expect 2 '--day: "monday" is neither' -- aa job set 1 --day monday
expect 2 '--at does not go with --schedule manual' -- aa job set 1 --schedule manual --at 10:00
expect 2 'SLOT is missing' 'usage: admin-assistant job why SLOT' -- aa job why
for slot in x 0 1.5 @2020-03-02 1@ x@2020-03-02 0@2020-03-02 1@2020-02-30 1@tomorrow 1@2020-03-02T 1@2020-03-02T24:00 \
    1@2020-03-02T1:00 1@2020-03-02T10:00:00 1@2020-03-0210:00 9999999999999999999; do
    expect 2 "SLOT: \"$slot\" is neither" -- aa job why "$slot"
done

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
LOCK_ENDS=$LOCK_PID # which is gone with the process
printf 'BEGIN IMMEDIATE;\nSELECT 1;\n' >&"${LOCK[1]}"
read -r _ <&"${LOCK[0]}"
expect 5 'locked' -- aa user add late@example.com
LOCK_PIPE=${LOCK[1]}
exec {LOCK_PIPE}>&-
wait "$LOCK_ENDS" 2>/dev/null || true

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
AT='"at":"[0-9-]{10}T2[01]:30:00Z","local":"[0-9-]{10}T22:30:00\+0[12]:00","timezone":"Europe/Berlin"'
expect 0 "\"next\":\\[\{$AT\},\{$AT\},\{$AT\}\\]" '"is_behind":false' '"ping_url":null' -- aa job list --json
three_lines() { # of job 1 before job 2
    aa job list | sed '1d;/^ *2 /,$d' | grep -cE '  [0-9-]{10} 22:30 (CET|CEST)  [0-9-]{10} 2[01]:30'
}
expect 0 '^3$' -- three_lines
expect 2 '--reason is missing' -- aa job pause 1
expect 0 -- aa job pause 1 --reason "moving house"
expect 0 'paused +paused by [a-z]+: moving house' -- aa job list
expect 0 '"id":1,.*"state":"paused","next":\[\]' -- aa job list --json
expect 1 'moving house' -- aa job pause 1 --reason again
expect 1 'paused' -- aa job run 1
expect 0 -- aa job resume 1
expect 1 '1' -- aa job resume 1
expect 1 '77' -- aa job pause 77 --reason x
expect 0 'nothing has run' -- aa job history
expect 1 '77' -- aa job history 77

expect 1 'no job 77' -- aa job set 77 --at 10:00
expect 1 'job 1 would be daily: it has no day' -- aa job set 1 --day mon
expect 1 'needs a day of the week' -- aa job set 1 --schedule weekly
expect 1 'job 2 would be weekly' -- aa job set 2 --day 3
expect 1 'ping URL is http://.*use https://' -- aa job set 1 --ping http://example.com/x
expect 1 'ping URL must not hold a user name' -- aa job set 1 --ping https://me:secret@example.com/x
refuse 'secret'
expect 1 'ping URL must begin with https://' -- aa job add 2 --type calendar_archive --schedule manual --ping file:///etc/passwd
expect 0 -- aa job set 1 --schedule monthly --day 31 --at 06:00 --window 40 --catch-up skip --ping https://hc-ping.com/0d3f-secret
expect 0 'monthly 31\. 06:00 Europe/Berlin +40 +skip' -- aa job list
expect 0 '"ping_url":"https://hc-ping.com/0d3f-secret"' -- aa job list --json
expect 0 '"schedule":\{"old":"daily","new":"monthly"\}' '"window_days":\{"old":7,"new":40\}' 'https://hc-ping.com"' -- aa audit list --json
refuse '0d3f-secret'
expect 0 -- aa job set 1 --schedule daily --at 22:30 --window 7 --catch-up all --ping none
expect 0 'daily 22:30' '^ *2 .*weekly sun 23:59' -- aa job list
expect 0 '"ping_url":null' -- aa job list --json

# ---- slots and their verdicts, in a database of their own ----

cp "$WORLD/aa.db" "$WORLD/other.db"
other() { sqlite3 -batch "$WORLD/other.db" "$@"; }
slot() { # ID SLOT TRIGGER STATE OUTCOME VERDICT [COLUMNS VALUES]
    other "INSERT INTO job_runs (id, user_id, job_id, slot_at, run_trigger, state, outcome, verdict, from_date, to_date,
        correlation_id, created_at${7:+, $7}) VALUES ($1, 1, 1, '$2:00.000000', '$3', '$4', '$5', '$6', '2020-02-24',
        '2020-03-02', 'c$1', '${RECORDED:-$2}:00.000000'${8:+, $8})"
}
RAN="instance_id, started_at, finished_at, counts"
RAN_AT() { echo "5, '$1:00.000000', '$1:12.000000', '{\"fetched\":57,\"inserted\":40}'"; }
other "UPDATE schema_migrations SET applied_at = '2019-12-01 00:00:00.000000';
    UPDATE job_configurations SET created_at = '2020-01-10 09:00:00.000000', slots_through = '2020-11-01 00:00:00.000000';
    INSERT INTO instances (id, boot_id, pid, start_time, started_at, stopped_at) VALUES (5, 'other boot', 4711, 1, 't', 't')"
slot 101 "2020-03-02 21:30" schedule done success ran "$RAN" "$(RAN_AT "2020-03-02 21:30")"
RECORDED="2020-03-04 00:35" slot 102 "2020-03-03 21:30" schedule done partial late "$RAN, is_catch_up, attempt" "$(RAN_AT "2020-03-04 00:35"), 1, 2"
RECORDED="2020-03-06 00:35" slot 103 "2020-03-04 21:30" schedule done none coalesced "reason, covered_by" \
    "'nobody was there to run it', '2020-03-05 21:30:00.000000'"
RECORDED="2020-03-06 00:35" slot 104 "2020-03-05 21:30" schedule done failure failed "$RAN, error_code, error_message, is_catch_up" \
    "$(RAN_AT "2020-03-06 00:35"), 'DENIED', 'the mailbox may not be read', 1"
slot 105 "2020-03-06 21:30" schedule done none skipped reason "'paused by anna since 2020-03-06 09:00 UTC: moving house'"
RECORDED="2020-03-20 10:00" slot 106 "2020-03-07 21:30" schedule done none missed reason "'nobody was there to run it until 2020-03-20 10:00 UTC'"
slot 107 "2020-03-08 10:15" request done success ran "$RAN, asked_pid, asked_uid" "$(RAN_AT "2020-03-08 10:15"), 99, 0"
slot 108 "2020-03-09 21:30" schedule waiting none pending "not_before, attempt, started_at, error_code, error_message" \
    "'2099-01-01 00:00:00.000000', 2, '2020-03-09 21:30:00.000000', 'NET', 'no route to host'"
slot 109 "2020-03-10 21:30" schedule queued none pending
slot 110 "2020-03-11 21:30" signal queued none pending "asked_pid, asked_uid, is_dry" "4242, 0, 1"

expect 0 '101 .*ran +success' '103 .*coalesced +no run .*nobody was there' '105 .*skipped +no run .*moving house' \
    '104 .*failed +failure .*the mailbox may not be read' '109 .*pending +queued' -- at_db job history 1
expect 0 '"id":103,.*"verdict":"coalesced",.*"state":"done","outcome":"none","is_catch_up":false' \
    '"reason":"nobody was there to run it","covered_by":"2020-03-05T21:30:00Z"' -- at_db job history --json
is_json
expect 0 'Slot 101 belongs to job 1 "Work" \(calendar_archive of anna@example.com, daily 22:30 Europe/Berlin\)' \
    'due at 2020-03-02 22:30 CET \(2020-03-02 21:30 UTC\), to archive 2020-02-24 to 2020-03-01' '^Verdict: ran\.' 'in time' \
    '\(12 s\) by instance 5 of the service \(pid 4711\), at attempt 1: success, 57 events, 40 new' -- at_db job why 101
expect 0 'Slot 101 ' -- at_db job why 1@2020-03-02
expect 0 'Slot 101 ' -- at_db job why 1@2020-03-02T22:30
expect 0 'Verdict: late' 'recorded it at 2020-03-04 01:35 CET .*, 3 h 5 min after it was due, and caught it up' \
    'at attempt 2: partial' -- at_db job why 102
expect 0 'Verdict: coalesced: nobody was there to run it' 'no run of its own' \
    'Slot 104, due at 2020-03-05 22:30 CET .* archives its days, too. Its verdict: failed, DENIED' -- at_db job why 1@2020-03-04
expect 0 'Verdict: failed' 'Error DENIED: the mailbox may not be read' \
    'To archive its days now: admin-assistant job run 1 --from 2020-02-24 --to 2020-03-01$' -- at_db job why 104
expect 0 'Verdict: skipped: paused by anna .*: moving house' 'To archive its days now' -- at_db job why 105
expect 0 'Verdict: missed: nobody was there' '300 h 30 min after it was due' 'To archive its days now' -- at_db job why 106
other "UPDATE job_configurations SET archived_through = '2020-03-05', due_through = '2020-03-08' WHERE id = 1"
expect 0 'Its days are archived since: all before 2020-03-05 are' -- at_db job why 106
refuse 'To archive'
expect 0 'root asked for it with "job run" at 2020-03-08 11:15 CET .*\(uid 0, pid 99\)' -- at_db job why 107
expect 0 'It waits until 2099-01-01 01:00 CET .*, for attempt 2, because the last one ended with NET: no route to host' \
    'No daemon runs' -- at_db job why 108
expect 0 'It waits in line since 2020-03-10 22:30 CET' \
    'run 108 \(schedule, since 2020-03-09 22:30, waits until 2099-01-01 01:00\) holds job 1' -- at_db job why 109
expect 0 'root asked for it with a signal .* as a dry run' -- at_db job why 110
expect 0 '"job_id":1,.*"explanation":\["Slot 103 .*"slots":\[\{"id":103,"trigger":"schedule".*"slot_local":"2020-03-04T22:30:00\+01:00".*"covered_by_id":104' \
    -- at_db job why 103 --json
is_json
expect 0 '"slots":\[\{"id":109,.*"held_by_id":108' -- at_db job why 109 --json
is_json

# No slot: why?
expect 0 'no slot at 2020-03-08 22:30 CET .*although its rule' 'also asked for by request: run 107, ran' -- at_db job why 1@2020-03-08
expect 0 'was not due then: .*2020-03-02 22:30 CET' -- at_db job why 1@2020-03-02T10:00
expect 0 '"explanation":\["Job 1 .*"slots":\[\]' -- at_db job why 1@2020-03-08 --json
is_json
expect 0 'not due on 2020-03-02 \(mon\): it is due weekly sun 23:59 Europe/Berlin. Next after it: 2020-03-08 23:59 CET' -- at_db job why 2@2020-03-02
expect 0 'added later, at 2020-01-10 10:00 CET' -- at_db job why 1@2019-12-24
expect 0 'will be due at 2099-06-01 22:30 CEST' -- at_db job why 1@2099-06-01
expect 0 'was due at 2021-01-05 22:30 CET .*has not looked at it' 'No daemon runs' -- at_db job why 1@2021-01-05
expect 0 'Job 1 "Work"' -- at_db job why 1@today
expect 0 'Job 1 "Work"' -- at_db job why 1@yesterday
expect 1 'no run 999' -- at_db job why 999
expect 1 'no job 77' -- at_db job why 77@2020-03-02
other "UPDATE schema_migrations SET applied_at = '2020-02-01 00:00:00.000000'"
expect 0 'slots are recorded in this database since 2020-02-01 01:00 CET' -- at_db job why 1@2020-01-20
other "UPDATE job_configurations SET schedule_minute = 30, schedule_hour = 2 WHERE id = 1"
slot 111 "2020-03-29 01:00" schedule done success ran
slot 112 "2020-10-25 00:30" schedule done success ran
expect 0 'due at 2020-03-29 03:00 CEST' '02:30 does not exist on that day' -- at_db job why 111
expect 0 'Slot 111 ' -- at_db job why 1@2020-03-29T02:30
expect 0 'due at 2020-10-25 02:30 CEST' '02:30 comes twice on that day' -- at_db job why 112
expect 0 'Slot 112 ' -- at_db job why 1@2020-10-25T02:30
expect 0 'archives: +1 job behind: job 2 "Work" has archived nothing yet|archives: +1 job behind: under way' -- at_db status
other "UPDATE job_runs SET state = 'done'; UPDATE job_configurations SET due_through = '2020-03-08' WHERE id = 2"
expect 0 'archives: +2 jobs behind: job 1 "Work" from 2020-03-05 on' -- at_db status
expect 0 '"behind_jobs":2,"behind_job_id":1,"behind_name":"Work","behind_from":"2020-03-05"' -- at_db status --json
is_json
expect 0 'behind: 2020-03-05 to 2020-03-07' 'behind: nothing is issued yet, due to 2020-03-07' -- at_db job list
other "UPDATE users SET ms_auth_state = 'reauth_needed', ms_auth_reason = 'the password was changed' WHERE id = 1"
expect 0 'sign-in needed' -- at_db job list
expect 0 'will be due at 2099-06-01 02:30 CEST .*skipped if nothing changes' \
    'anna@example.com must sign in again, because the password was changed: admin-assistant login anna@example.com' -- at_db job why 1@2099-06-01
expect 0 -- at_db job pause 1 --reason "moving house"
expect 0 'Job 1 is paused by [a-z]+ since .*: moving house. To end the pause: admin-assistant job resume 1' -- at_db job why 1@2099-06-01
expect 0 -- at_db job set 2 --schedule manual
expect 0 'Job 2 "Work" is manual: it is never due' -- at_db job why 2@today
expect 0 'none is behind' -- aa status
rm -f "$WORLD"/other.db*

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
expect 2 '--to is before --from' -- aa job run 3 --from $LAST --to $FIRST
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
expect 0 '^\{"id":[0-9]+\}$' -- aa job run 3 --from "$(date -d '-40 days' +%F)" --to yesterday --json

# One run of a job at a time: the next one is told who is before it.
no_open_runs() { [ "$(sql "SELECT count(*) FROM job_runs WHERE state <> 'done'")" = 0 ]; }
under_way() { [ "$(sql "SELECT count(*) FROM job_runs WHERE state = 'running' AND step <> ''")" = 1 ]; }
wait_for 30 "the runs asked for" no_open_runs
kill -STOP "$SIM_PID" # it goes on as long as it takes to look
expect 0 'asked for' -- aa job run 3 --from $FIRST --to $LAST
wait_for 20 "the first run's begin" under_way
expect 0 "run [0-9]+ waits in line: run [0-9]+ \(request, since [0-9]{2}:[0-9]{2}, step [a-z]+, pid $DAEMON_PID\) holds job 3" -- \
    aa job run 3 --from $FIRST --to 2026-03-02
SECOND=$(sql "SELECT max(id) FROM job_runs")
expect 0 'It waits in line since' "run [0-9]+ \(request, .*, pid $DAEMON_PID\) holds job 3" -- aa job why "$SECOND"
expect 0 'It runs since .*by instance [0-9]+ of the service \(pid '"$DAEMON_PID"'\): attempt 1, step' -- aa job why $((SECOND - 1))
expect 0 'waits already' -- aa job run 3 --from $FIRST --to 2026-03-02
kill -CONT "$SIM_PID"
wait_for 30 "both runs" no_open_runs

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
kill -STOP "$SIM_PID"
expect 130 'goes on without you' -- interrupted_wait
kill -CONT "$SIM_PID"
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
expect 4 'admin-assistant login' -- aa job run 3 --from $FIRST --to $LAST
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
