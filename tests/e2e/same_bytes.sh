#!/usr/bin/env bash
# The same days and the same appointments are the same documents, byte for byte: from two installations that share nothing but the
# calendar.  The first archives the week and issues it by the command.  In the second there is another user with a timesheet of his
# own, other weeks come first, the week comes in two parts, one of its appointments in a version of its own, and the service's job
# issues it, in another zone and language.
# AA_BIN holds the programs and, unless SIM_BIN says otherwise, graphsim.
cd "$(dirname "$0")/../.."
SIM_BIN=${SIM_BIN:-$AA_BIN}
. tests/lib/world.sh

FORMATS="csv xlsx pdf html json"
CALENDAR=AAMkAGVmMDEzAnnaCalendar0AAA=

# Two of equal rank at the same time: which comes first must not hang on which was archived first.
twin() { # SUBJECT [CUSTOMER]
    sim_post load "{\"events\":[{\"calendar\":\"$CALENDAR\",\"event\":{\"id\":\"e-twin-$1\",\"subject\":\"$1\",\"categories\":[\"${2:-Globex} - billable\"],
        \"start\":{\"dateTime\":\"2026-03-13T09:00:00\",\"timeZone\":\"W. Europe Standard Time\"},
        \"end\":{\"dateTime\":\"2026-03-13T10:00:00\",\"timeZone\":\"W. Europe Standard Time\"}}}]}"
}
typo() { # SUBJECT: of an appointment on Thursday
    sim_post load "{\"events\":[{\"calendar\":\"$CALENDAR\",\"event\":{\"id\":\"e-typo\",\"subject\":\"$1\",\"categories\":[\"Akme GmbH - billable\"],
        \"start\":{\"dateTime\":\"2026-03-12T09:00:00\",\"timeZone\":\"W. Europe Standard Time\"},
        \"end\":{\"dateTime\":\"2026-03-12T09:45:00\",\"timeZone\":\"W. Europe Standard Time\"}}}]}"
}

begin_world() {
    sim_start --data tests/graphsim/data/10-people.json
    sim_post load "@tests/e2e/timesheet_week.json"
    config_write "[timesheet]" "directory = $WORLD/sheets" "letterhead = Lindqvist | Hafenstr. 1 | 20457 Hamburg" "rounding = up" \
        "round_to = 15" "round_scope = day+customer" "customers = Acme GmbH; Globex" "csv_profile = excel-de" "formats = $FORMATS"
    aa key generate >/dev/null
    aa db upgrade >/dev/null 2>&1
}
add_user() { # NAME FULL-NAME TOKEN ZONE
    printf '%s\n' "$3" >"$WORLD/token"
    chmod 600 "$WORLD/token"
    aa user add "$1@example.com" --username "$1" --name "$2" >/dev/null
    aa login "$1" --refresh-token-file "$WORLD/token" >/dev/null
    aa archive-config add "$1" --name Work --source "msgraph://$1@example.com/calendars/primary" \
        --destination "local://$1/calendars/archive" --timezone "$4" >/dev/null
}
run() { # JOB FROM TO
    local status=0
    aa job run "$1" --from "$2" --to "$3" --wait >"$WORLD/run.log" 2>&1 || status=$?
    [ "$status" -eq "${4:-0}" ] || fail "status $status: $(cat "$WORLD/run.log")"
}
keep_world() { # NAME
    sim_stop
    mkdir "$WORLD/$1"
    mv "$WORLD"/aa.* "$WORLD/keys" "$WORLD/sheets" "$WORLD/$1/"
}
of_world() { sqlite3 -batch -noheader "file:$WORLD/$1/aa.db?mode=ro" "$2"; }

# ---- the first: the command ----

begin_world
twin Alpha
twin Beta "Acme GmbH"
add_user anna "Anna Lindqvist" demo-refresh-token Europe/Berlin
job=$(aa job add 1 --type calendar_archive --schedule manual)
daemon_start
run "$job" 2026-03-09 2026-03-15
daemon_stop
aa timesheet issue Work --week 2026-W11 --force >"$WORLD/run.log" 2>&1 || fail "$(cat "$WORLD/run.log")"
keep_world first

# ---- the second: the job ----

begin_world
twin Beta "Acme GmbH"
twin Alpha
typo "Another offer"
sim_post load '{"users":[{"upn":"bert@example.com","id":"6f1f7a52-3c1e-4b0e-9a55-0d2c3b7e4a12","displayName":"Bert","timeZone":"UTC",
    "refresh_token":"bert-refresh-token","calendars":[{"id":"bert-calendar","name":"Calendar","isDefaultCalendar":true,"events":[
    {"id":"b-one","subject":"Audit of Bert","categories":["Initech - billable"],"start":{"dateTime":"2026-03-10T09:00:00","timeZone":"UTC"},
     "end":{"dateTime":"2026-03-10T10:00:00","timeZone":"UTC"}}]}]}]}'
add_user bert Bert bert-refresh-token America/St_Johns
add_user anna "Anna Lindqvist" demo-refresh-token Europe/Berlin
theirs=$(aa job add 1 --type timesheet --schedule manual)
job=$(aa job add 2 --type calendar_archive --schedule manual)
sheets=$(aa job add 2 --type timesheet --schedule manual)
TZ=Pacific/Auckland LC_ALL=C daemon_start
run "$theirs" 2026-03-09 2026-03-15
run "$job" 2026-03-16 2026-03-31
run "$job" 2026-03-12 2026-03-13
typo Offer
run "$job" 2026-03-09 2026-03-15
run "$sheets" 2026-03-09 2026-03-15 3 # partly done: there is something to decide
daemon_stop
keep_world second

# ---- what is the same, and what is not ----

for world in first second; do
    [ "$(of_world $world "SELECT count(*) FROM timesheets WHERE user_email = 'anna@example.com' AND status = 'issued'")" = 1 ] ||
        fail "not one timesheet in the $world"
    of_world $world "SELECT l.line_no, a.ms_event_id, l.day, l.minutes, l.decision FROM timesheet_lines l JOIN appointments a ON
        a.id = l.appointment_id JOIN timesheets t ON t.id = l.timesheet_id WHERE t.user_email = 'anna@example.com' ORDER BY 1" >"$WORLD/$world/lines"
    of_world $world "SELECT group_concat(ms_event_id) FROM (SELECT ms_event_id FROM appointments ORDER BY id)" >"$WORLD/$world/order"
    of_world $world "SELECT hex(content_hash) FROM timesheets WHERE user_email = 'anna@example.com'" >"$WORLD/$world/hash"
done
[ "$(wc -l <"$WORLD/first/lines")" -ge 12 ] || fail "there is hardly anything on the timesheet: $(cat "$WORLD/first/lines")"
grep -q 'open: held on line' "$WORLD/first/lines" || fail "nothing waits for a decision"
diff "$WORLD/first/lines" "$WORLD/second/lines" || fail "the lines differ"
cmp "$WORLD/first/hash" "$WORLD/second/hash" || fail "the content hashes differ"
for format in $FORMATS; do
    name=anna@example.com/timesheet-2026-0001-r1.$format
    [ -s "$WORLD/first/sheets/$name" ] || fail "the first has no $format"
    cmp "$WORLD/first/sheets/$name" "$WORLD/second/sheets/$name" || fail "the $format differs"
done

# All that, and their databases have hardly a number in common.
! cmp -s "$WORLD/first/order" "$WORLD/second/order" || fail "both archives have the same order"
ids() { of_world "$1" "SELECT id, user_id, archive_configuration_id, run_id IS NULL FROM timesheets WHERE user_email = 'anna@example.com'"; }
[ "$(ids first) $(ids second)" = "1|1|1|1 2|2|2|0" ] || fail "ids: $(ids first) $(ids second)"
[ "$(of_world second "SELECT group_concat(a.ms_event_id || l.appointment_version) FROM timesheet_lines l JOIN appointments a ON
    a.id = l.appointment_id WHERE l.appointment_version > 1")" = e-typo2 ] || fail "the second has no appointment that changed"
printf 'five documents of two installations are the same bytes\n'
