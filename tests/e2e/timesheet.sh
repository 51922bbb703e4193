#!/usr/bin/env bash
# Timesheets from outside: a week made for it, archived from the stand-in server, checked, decided, issued, explained, revised.
# AA_BIN holds the programs and, unless SIM_BIN says otherwise, graphsim.
cd "$(dirname "$0")/../.."
SIM_BIN=${SIM_BIN:-$AA_BIN}
. tests/lib/world.sh
. tests/lib/expect.sh

json() { sqlite3 -batch :memory: "SELECT json_extract(cast(readfile('$WORLD/out.json') AS TEXT), '$1')"; } # of is_json
equal() { [ "$2" = "$3" ] || fail "$1 is \"$2\" instead of \"$3\""; CHECKS=$((CHECKS + 1)); }
ts() { aa timesheet "$@"; }

sim_start --data tests/graphsim/data/10-people.json
sim_post load "@tests/e2e/timesheet_week.json"
sheets_config() { # LINE…: more of [timesheet]
    config_write "[timesheet]" "directory = $WORLD/sheets" "rounding = up" "round_to = 15" "customers = Acme GmbH; Globex" \
        "formats = csv xlsx pdf html json" "$@"
}
sheets_config
aa key generate >/dev/null
aa db upgrade >/dev/null
printf '%s\n' demo-refresh-token >"$WORLD/token"
chmod 600 "$WORLD/token"
aa user add anna@example.com --username anna --name "Anna Lindqvist" >/dev/null
aa login anna --refresh-token-file "$WORLD/token" >/dev/null
aa archive-config add anna --name Work --source "msgraph://anna@example.com/calendars/primary" \
    --destination "local://anna/calendars/archive" --timezone Europe/Berlin >/dev/null

archive() { # FROM TO: by the daemon, which is gone again afterwards
    daemon_start
    aa job run 1 --from "$1" --to "$2" --wait >"$WORLD/run.log" 2>&1 || fail "$(cat "$WORLD/run.log")"
    daemon_stop
}

# ---- usage ----

expect 0 'usage: admin-assistant timesheet check ARCHIVE_CONFIG \[--from DATE\]' 'Exit status: 0 nothing' -- ts check --help
expect 0 'timesheet issue' 'timesheet diff' -- ts --help
expect 2 'ARCHIVE_CONFIG is missing' -- ts check
expect 2 'NUMBER is missing' -- ts show
expect 2 'must be named: --month' -- ts issue Work
expect 2 '--to is before --from' -- ts check Work --from 2026-03-15 --to 2026-03-09
expect 2 '--to is before --from' -- ts issue Work --from 2026-03-15 --to 2026-03-09
expect 2 '--to needs --from' -- ts check Work --to 2026-03-09
expect 2 'at most 3660' -- ts check Work --from 1970-01-01 --to 2026-03-09
expect 2 '2025 has no week 53' -- ts check Work --week 2025-W53
expect 2 'is not a week' -- ts check Work --week 2026-11
expect 2 'is not a month' -- ts issue Work --month 2026-3
expect 2 'one of --from and --to, --week, or --month' -- ts check Work --week 2026-W11 --month 2026-03
expect 2 '--format: "doc" is not one of csv\|xlsx' -- ts export 1 --format doc
expect 2 'name it by --format' -- ts export 2026-0001 --output -
expect 2 '--csv-profile needs --output' -- ts export 2026-0001 --csv-profile excel-de
expect 2 'name it as NUMBER/REV' -- ts diff 2026-0001 1 --now
expect 2 'REV: "x" is not an id' -- ts diff 2026-0001 x
expect 1 'no archive configuration "Play"' -- ts check Play
expect 0 'no timesheets; issue one' -- ts list
expect 0 '^\[\]$' -- ts list --json
expect 1 'nobody' -- ts list nobody
expect 1 '2026-0001' -- ts show 2026-0001
expect 1 '77' -- ts export 77
expect 1 '2026-0001/2' -- ts diff 2026-0001/2
expect 1 'nobody' -- ts show 2026-0001 --user nobody
expect 1 'admin-assistant: .*aa.conf names no place to upload to: see \[onedrive\] and \[xero\]' -- ts upload 2026-0001

# ---- before the archive has the days ----

expect 3 'does not have all of 2026-03-09 to 2026-03-15, and no job archives it; add one with: admin-assistant job add 1' \
    'no lines|0 lines' -- ts check Work --week 2026-W11
expect 1 'job add 1 --type calendar_archive' -- ts issue Work --week 2026-W11
expect 0 '^1$' -- aa job add Work --type calendar_archive --schedule manual
expect 1 'archive it with: admin-assistant job run 1 --from 2026-03-09 --to 2026-03-15 --wait' -- ts issue Work --week 2026-W11
expect 1 'not over yet' -- ts issue Work --month 2199-12
refuse 'job run'
expect 1 'nothing in 2026-03-09 to 2026-03-15' 'warning: the archive "Work" does not have' -- ts issue Work --week 2026-W11 --force
expect 3 '"is_covered":false' '"lines":\[\]' -- ts check Work --week 2026-W11 --json
is_json
# Without a period it is the month that is under way in the archive's zone; on its first day nothing of it has passed.
today=$(TZ=Europe/Berlin date +%F)
expect "$([ "${today##*-}" = 01 ] && echo 0 || echo 3)" "${today%-*}-01" -- ts check Work

# ---- the check ----

archive 2026-03-09 2026-03-29
expect 1 '"Work" of anna@example.com, 2026-03-09 to 2026-03-15, Europe/Berlin' '^2026-03-11 Wed$' '  error    conflict' \
    '  error    malformed-category .*did you mean "Globex - billable"' 'unknown-customer .*did you mean "Acme GmbH"' 'left out:' '1  private' '1  shown as free' '1  a break' \
    '10 lines, worked 14:15, held 1:00, billed 12:30 \(12:15 before rounding\)' '1 overlap to decide' -- ts check Work --week 2026-W11
refuse 'Cardiologist'
refuse 'does not have all'
expect 1 'Requirements workshop' '\(private\)' 'Perhaps +shown as free' '09:00-12:00' -- ts check Work --week 2026-W11 --all
refuse 'Cardiologist'
refuse $'\033'
expect 1 '"is_covered":true' -- ts check Work --week 2026-W11 --json
is_json
refuse 'Cardiologist'
equal "worked" "$(json '$.total.worked_minutes')" 855
equal "held" "$(json '$.total.held_minutes')" 60
equal "the sum of the lines" "$(sqlite3 -batch :memory: "SELECT sum(json_extract(value, '\$.billed_minutes')) FROM
    json_each(cast(readfile('$WORLD/out.json') AS TEXT), '\$.lines')")" "$(json '$.total.billed_minutes')"
equal "conflicts" "$(json '$.conflicts[0].start_time')" 2026-03-11T09:00:00Z
equal "what is left out" "$(json '$.left_out.private')" 1
expect 0 '2 lines, worked 4:00' '0 errors, 0 warnings' -- ts check Work --week 2026-W13
equal "rows that a check wrote" "$(sql 'SELECT count(*) FROM action_log')" 0

# A period that is to come, and one that goes on.
expect 3 'warning: the period has not begun in Europe/Berlin' '0 lines' -- ts check Work --month 2199-12
expect 3 '"is_over":false' -- ts check Work --month 2199-12 --json
expect 1 'note: the period is not over yet' 'did you mean' -- ts check Work --from 2026-03-09 --to 2036-01-31
refuse 'not begun'
expect 1 '"is_over":true' -- ts check Work --week 2026-W11 --json

# An unknown zone names the configuration.
sql_write "UPDATE archive_configurations SET timezone = 'Mars/Base'"
expect 1 'archive configuration "Work": .*Mars/Base' -- ts check Work --week 2026-W11
expect 1 'archive configuration "Work": .*Mars/Base' -- ts issue Work --week 2026-W11
sql_write "UPDATE archive_configurations SET timezone = 'Europe/Berlin'"

# ---- a conflict is decided ----

expect 1 'has 2 errors in its check .*nobody decided: 1' -- ts issue Work --week 2026-W11
equal "timesheets after a refusal" "$(sql 'SELECT count(*) FROM timesheets')" 0
TASK=$(sql "SELECT id FROM action_log WHERE event_type = 'timesheet_conflict' AND state = 'open'")
PLANNING=$(sql "SELECT id FROM appointments WHERE subject = 'Planning'")
SUPPORT=$(sql "SELECT id FROM appointments WHERE subject = 'Support'")
expect 0 'timesheet_conflict' -- aa action list
expect 0 'timesheet_conflict' "^ *$PLANNING +1 +2026-03-11 09:00 CET +2026-03-11 11:00 CET +Planning" "^ *$SUPPORT .*Support" -- \
    aa action show "$TASK"
expect 0 "\"appointments\":\\[\\{\"id\":$PLANNING," -- aa action show "$TASK" --json
is_json
expect 2 'say what is decided' -- aa action resolve "$TASK"
expect 2 'ID is missing' -- aa action resolve
expect 2 '--keep: "x" is not a number' -- aa action resolve "$TASK" --keep x
expect 1 'no task 99' -- aa action resolve 99 --keep "$PLANNING"
expect 1 'not about appointment 1;|not about appointment 99999' -- aa action resolve "$TASK" --keep 99999
expect 0 "task $TASK is resolved: appointment $PLANNING" -- aa action resolve "$TASK" --keep "$PLANNING" --note "as agreed with Globex"
expect 1 "task $TASK is resolved already" -- aa action resolve "$TASK" --keep "$SUPPORT"
expect 0 'nothing waits' -- aa action list
expect 0 'overlap_ruling' 'as agreed with Globex' -- aa audit list --json
expect 1 'billed 13:30 \(13:15 before rounding\)' '1 error,' -- ts check Work --week 2026-W11

# ---- the category is corrected in Outlook ----

expect 1 'has 1 error in its check' -- ts issue Work --week 2026-W11
sim_post load '{"remove":["e-malformed"]}'
archive 2026-03-09 2026-03-29
expect 3 'billed 13:30 \(13:15 before rounding\)' '0 errors, 2 warnings' '1  has disappeared' -- ts check Work --week 2026-W11

# ---- the issue ----

expect 0 'timesheet 2026-0001/1 issued: 2026-03-09 to 2026-03-15, Europe/Berlin' \
    '10 lines, worked 14:15, held 0:00, billed 13:30 \(13:15 before rounding\)' '^  0 errors, 2 warnings in its check:$' \
    '^2026-03-1[0-9] [A-Z][a-z]{2}$' '^  warning  unknown-customer ' -- ts issue Work --week 2026-W11 --no-documents
refuse '^  note '
refuse ' more: '
expect 1 'is issued as timesheet 2026-0001' -- ts issue Work --week 2026-W11
expect 1 'overlaps timesheet 2026-0001' -- ts issue Work --month 2026-03 --force
expect 1 'exactly 2026-03-09' -- ts issue Work --from 2026-03-09 --to 2026-03-10 --revise
expect 1 'nothing to revise' -- ts issue Work --week 2026-W13 --revise
expect 0 'nothing has changed' -- ts issue Work --week 2026-W11 --revise
expect 0 '^\{"id":null\}$' -- ts issue Work --week 2026-W11 --revise --json
expect 0 '2026-0001/1 +issued +anna@example.com +Work +2026-03-09 +2026-03-15' ' 14:15 +0:00 +13:30 +none' -- ts list
expect 0 '2026-0001/1' -- ts list anna
expect 0 '"number":"2026-0001","revision":1,"status":"issued"' '"billed_minutes":810' -- ts list --json
is_json
expect 3 'issued already: 2026-0001/1' -- ts check Work --week 2026-W11
expect 1 'too far ahead: the timesheets of this archive begin at 2026-03-09, and days up to 2299-12-22 are possible' -- \
    ts check Work --week 9999-W52
refuse 'shorter'
expect 3 '"issued_as":"2026-0001/1"' -- ts check Work --week 2026-W11 --json
expect 3 'warning: timesheet 2026-0001/1 has some of these days \(2026-03-09 to 2026-03-15\)' -- ts check Work --from 2026-03-14 --to 2026-03-29
refuse 'next revision'

# ---- what it says ----

expect 0 '^timesheet +2026-0001/1, issued' '^of +Anna Lindqvist <anna@example.com>' '^rules +.*up to 15 min per entry' '^hash +[0-9a-f]{64}$' \
    '2026-03-09 Mon +09:00-12:00 +Acme GmbH +billable +Requirements workshop +3:00 +2:30 +2:30 +2\.50' \
    '2026-03-13 Fri +22:00-24:00' '2026-03-14 Sat +00:00-01:10' 'non-billable travel' '^total +10 +14:15' \
    'no documents; make them' 'nothing has changed in the archive since' -- ts show 2026-0001
refuse $'\033'
expect 0 '2026-0001' -- ts show 1
expect 0 '2026-0001' -- ts show 2026-0001/1 --user anna
expect 1 '2026-0001/7' -- ts show 2026-0001/7
expect 0 '"content_hash":"[0-9a-f]{64}"' '"changed_since":\[\]' '"documents":\[\]' -- ts show 2026-0001 --json
is_json
equal "lines" "$(json '$.total.lines')" 10
equal "billed" "$(json '$.total.billed_minutes')" 810
for part in days customers; do
    equal "the sum of $part" "$(sqlite3 -batch :memory: "SELECT sum(json_extract(value, '\$.sum.billed_minutes')) || ' ' ||
        sum(json_extract(value, '\$.sum.billed_hundredths')) FROM json_each(cast(readfile('$WORLD/out.json') AS TEXT), '\$.$part')")" "810 1350"
done

# ---- every number is explained ----

WORKSHOP=$(sql "SELECT id FROM appointments WHERE subject = 'Requirements workshop'")
expect 0 'line 1 of 2026-0001/1: 2026-03-09 Mon, Acme GmbH, billable' "appointment $WORKSHOP, version 1, archived" \
    'begins +2026-03-09 09:00 CET \(2026-03-09 08:00 UTC\)' 'ends +2026-03-09 12:00 CET \(2026-03-09 11:00 UTC\)' 'categories +\["Acme GmbH - billable"\]' \
    'span +3:00  09:00-12:00' 'taken away +-0:30  .*[Bb]reak|taken away +-0:30  .*Lunch' 'worked +2:30' 'to be billed +2:30  worked' \
    'billed +2:30  rounded up to 15 min per entry: 2:30 is 2:30' 'in decimals +2\.50' 'no newer version' -- ts show 2026-0001 --explain 1
expect 0 'billed +1:30  rounded up to 15 min per entry: 1:20 is 1:30' 'in decimals +1\.50 +hours billed, 1\.33 worked' -- ts show 2026-0001 --explain 2
refuse $'\033'
expect 0 'span +1:10  00:00-01:10, the part of it on this day' 'begins +2026-03-13 22:00 CET' -- ts show 2026-0001 --explain 10
expect 0 'non-billable' -- ts show 2026-0001 --explain 7
expect 0 "$PLANNING +1 +2026-03-11 Wed" 'added up again: 2 lines, worked 2:30, held 0:00, billed 2:30' 'as the timesheet says' -- \
    ts show 2026-0001 --explain 2026-03-11
expect 0 'added up again: 4 lines|added up again: 3 lines' -- ts show 2026-0001 --explain 'globex'
expect 0 'added up again: 10 lines' '^Globex +billable +3 ' '^total +10 +14:15' -- ts show 2026-0001 --explain 2026-W11
expect 0 'added up again: 10 lines, worked 14:15, held 0:00, billed 13:30' 'in decimals: 14.25 worked, 13.50 billed' -- \
    ts show 2026-0001 --explain total
expect 0 "\"appointment_id\":$WORKSHOP" '"rounded_together":\{"lines":1' '"newest_version":1' -- ts show 2026-0001 --explain 1 --json
is_json
expect 0 '"explained":"total"' -- ts show 2026-0001 --explain total --json
is_json
equal "the sum of explained lines" "$(sqlite3 -batch :memory: "SELECT sum(json_extract(value, '\$.line.billed_minutes')) FROM
    json_each(cast(readfile('$WORLD/out.json') AS TEXT), '\$.lines')")" 810
for wrong in 11 0 2026-W12 2026-03-15 Initech 2026-02-30; do
    expect 1 "no line, day, week or customer \"$wrong\"; it has lines 1 to 10" -- ts show 2026-0001 --explain "$wrong"
done

# ---- the archive goes on ----

sim_post load '{"events":[{"calendar":"AAMkAGVmMDEzAnnaCalendar0AAA=","event":{"id":"e-design","subject":"Design","importance":"high",
    "categories":["Acme GmbH - billable"],"start":{"dateTime":"2026-03-10T08:30:00","timeZone":"W. Europe Standard Time"},
    "end":{"dateTime":"2026-03-10T11:00:00","timeZone":"W. Europe Standard Time"}}}],"remove":["e-review"]}'
archive 2026-03-09 2026-03-29
DESIGN_LINE=$(sql "SELECT line_no FROM timesheet_lines WHERE subject = 'Design'")
expect 0 'changed in the archive since' 'changed +2026-03-10 Tue +08:30-11:00 +Acme GmbH +Design +2:00 > 2:30 +2:00 > 2:30' 'removed +2026-03-09 Mon' \
    'billed 13:30 before, 12:30 after: -1:00' -- ts show 2026-0001
expect 0 'It has version 2 since' 'diff 2026-0001 --now' -- ts show 2026-0001 --explain "$DESIGN_LINE"
expect 0 'disappeared from the calendar since' -- ts show 2026-0001 --explain 2
expect 3 '2026-0001/1 and the archive now: 2 differences, 2 of them in what is billed' -- ts diff 2026-0001 --now
expect 3 '"after":null' '"kind":"removed"' -- ts diff 2026-0001 --now --json
is_json
expect 1 'first revision; --now compares' -- ts diff 2026-0001
expect 0 'timesheet 2026-0001/2 issued' 'removed +2026-03-09 Mon' 'changed +2026-03-10 Tue' 'billed 13:30 before, 12:30 after: -1:00' -- \
    ts issue Work --week 2026-W11 --revise --no-documents
expect 0 '2026-0001/2 +issued' '2026-0001/1 +superseded' -- ts list
expect 3 '2026-0001/1 and 2026-0001/2: 2 differences' -- ts diff 2026-0001
expect 3 '2026-0001/1 and 2026-0001/2: 2 differences' -- ts diff 2026-0001 1
expect 3 '2026-0001/2 and 2026-0001/1: 2 differences' 'added +2026-03-09 Mon' -- ts diff 2026-0001 2 1
expect 3 '"before":\{"id":[0-9]+,"number":"2026-0001","revision":1\}' -- ts diff 2026-0001 1 2 --json
is_json
expect 0 '2026-0001/1 and 2026-0001/1: no difference' -- ts diff 2026-0001 1 1
expect 0 '2026-0001/2 and the archive now: no difference' -- ts diff 2026-0001 --now
expect 1 'superseded' -- ts diff 2026-0001/1 --now
expect 1 '2026-0001/9' -- ts diff 2026-0001 9
expect 0 'superseded' 'later revision has taken its place' 'billed|13:30' -- ts show 2026-0001/1
expect 0 '"worked_minutes":[0-9]+' -- ts issue Work --week 2026-W13 --no-documents --json
is_json
equal "the second number" "$(json '$.number')" 2026-0002
expect 0 '2026-03-29 Sun +00:00 CET to 04:00 CEST +Globex +billable +Cut-over +3:00' 'nothing has changed' -- ts show 2026-0002

# ---- documents ----

folder=$WORLD/sheets/anna@example.com
expect 0 "^  csv   $folder/timesheet-2026-0002-r1.csv" '^  pdf ' '^  json ' -- ts export 2026-0002
[ -s "$folder/timesheet-2026-0002-r1.pdf" ] || fail "no PDF in $folder"
expect 0 'csv +made +[0-9]+ +/' 'pdf +made' 'json +made' 'xlsx +made' 'html +made' -- ts show 2026-0002
refuse 'wanted|failed'
expect 0 '5 made' -- ts list
expect 0 '"pdf_path":"/' '"excel_path":"/' '"html_path":"/' '"documents_wanted":0' -- ts list --json
before=$(stat -c '%i %Y' "$folder/timesheet-2026-0002-r1.csv")
expect 0 "^  csv   $folder" -- ts export 2026-0002
equal "a document that is there" "$(stat -c '%i %Y' "$folder/timesheet-2026-0002-r1.csv")" "$before"
rm "$folder/timesheet-2026-0002-r1.csv"
expect 0 '"format":"csv","path":"/[^"]*","is_new":true' '"format":"pdf","path":"/[^"]*","is_new":false' -- ts export 2026-0002 --json
is_json
[ -s "$folder/timesheet-2026-0002-r1.csv" ] || fail "the CSV that was gone is not made again"
echo "something else" >"$folder/timesheet-2026-0002-r1.csv"
expect 0 'csv +changed on disk +[0-9]+ ' 'pdf +made +' -- ts show 2026-0002
expect 0 '"format":"csv","state":"made","path":"/[^"]*","on_disk":"changed"' '"format":"pdf","state":"made","path":"/[^"]*","on_disk":"same"' -- \
    ts show 2026-0002 --json
is_json
expect 0 "$folder/timesheet-2026-0002-r1.csv is no longer the file that was made; it is made again" '  csv   /' '  pdf   /' -- ts export 2026-0002
expect 0 'csv +made +' -- ts show 2026-0002
tr 0 1 <"$folder/timesheet-2026-0002-r1.json" >"$WORLD/forged" # as long as before
cp "$WORLD/forged" "$folder/timesheet-2026-0002-r1.json"
expect 0 'json is no longer the file' '"format":"json","path":"/[^"]*","is_new":true' '"format":"pdf","path":"/[^"]*","is_new":false' -- \
    ts export 2026-0002 --json
mv "$folder/timesheet-2026-0002-r1.html" "$WORLD/moved.html"
mkfifo "$folder/timesheet-2026-0002-r1.html"
rm "$folder/timesheet-2026-0002-r1.xlsx"
expect 0 'html +changed on disk' 'xlsx +gone from disk' 'json +made ' -- ts show 2026-0002
expect 0 'html is no longer the file' '^  xlsx  /' -- ts export 2026-0002
refuse 'xlsx is no longer'
cmp "$WORLD/moved.html" "$folder/timesheet-2026-0002-r1.html" || fail "the HTML that is made again differs"
expect 0 -- ts export 2026-0002 --output "$WORLD/copies"
for format in csv xlsx pdf html json; do
    cmp "$WORLD/copies/timesheet-2026-0002-r1.$format" "$folder/timesheet-2026-0002-r1.$format" || fail "a copy as $format differs"
done
mkdir "$WORLD/tmp"
export TMPDIR=$WORLD/tmp # where a document for standard output is made
ts export 2026-0002 --format csv --output - >"$WORLD/out.csv" || fail "no CSV on standard output"
cmp "$WORLD/out.csv" "$folder/timesheet-2026-0002-r1.csv" || fail "standard output differs from the file"
expect 0 ';Globex;' -- ts export 2026-0002 --format csv --csv-profile excel-de --output -
expect 1 'csv: .*"nonsense".*rfc4180' -- ts export 2026-0002 --format csv --csv-profile nonsense --output -
equal "temporary files" "$(find "$WORLD/tmp" | wc -l)" 1
expect 75 "no temporary folder $WORLD/nowhere/" -- env TMPDIR="$WORLD/nowhere" "$AA_BIN/admin-assistant" --config "$WORLD/aa.conf" \
    timesheet export 2026-0002 --format csv --output -
expect 0 -- ts export 2026-0002/1 --format json --output -
is_json
equal "the sum in the JSON document" "$(json '$.totals.billed_minutes')" 240

# Uploads are the service's (tests/e2e has them for real): here is what is told of them.
expect 0 '"uploads":\[\]' -- ts show 2026-0002 --json
sql_write "INSERT INTO outbox (user_id, timesheet_id, kind, target, request_key, attempts, not_before, is_for_human, error_message,
    created_at, updated_at) SELECT user_id, id, 'xero', 'Globex', 'k', 2, '2026-03-30 10:00:00.000000', 1, 'sign in to Xero', 't', 't'
    FROM timesheets WHERE number = '2026-0002'"
expect 0 'xero +Globex +needs a person +2 +2026-03-30 10:00 +sign in to Xero' -- ts show 2026-0002
expect 0 '"uploads":\[\{"kind":"xero","target":"Globex","state":"intended","failed_attempts":2,"needs_person":true,"not_before":"2026-03-30T10:00:00Z"' -- \
    ts show 2026-0002 --json
is_json

# A revision is issued with its documents; the ones before stay.
sim_post load '{"remove":["e-clocks"]}'
sim_post load '{"events":[{"calendar":"AAMkAGVmMDEzAnnaCalendar0AAA=","event":{"id":"e-monday","subject":"Monday","categories":["Globex - billable"],
    "start":{"dateTime":"2026-03-23T09:00:00","timeZone":"W. Europe Standard Time"},"end":{"dateTime":"2026-03-23T10:00:00","timeZone":"W. Europe Standard Time"}}}]}'
archive 2026-03-09 2026-03-29
expect 0 'timesheet 2026-0002/2 issued' 'billed 4:00 before, 1:00 after: -3:00' "csv   $folder/timesheet-2026-0002-r2.csv" -- \
    ts issue Work --week 2026-W13 --revise
[ -s "$folder/timesheet-2026-0002-r1.csv" ] || fail "the documents of revision 1 are gone"

# Where documents can not be written the timesheet stays issued, and each reason is told once.
expect 1 'csv, xlsx, pdf, html, json: .*the directory above it does not exist' -- ts export 2026-0002 --output "$WORLD/gone/copies"
touch "$WORLD/file"
expect 1 'csv, xlsx, pdf, html, json: .*a file stands where a directory should be' -- ts export 2026-0002 --output "$WORLD/file"
if [ "$(id -u)" = 0 ] && as_nobody test -x "$AA_BIN/admin-assistant-render"; then
    chmod 711 "$WORLD"
    cp "$WORLD/aa.db" "$WORLD/aa.conf" "$WORLD/copies/"
    sed -i "s|^url = .*|url = sqlite:$WORLD/copies/aa.db|" "$WORLD/copies/aa.conf"
    chown 65534 "$WORLD/copies" "$WORLD/copies"/*
    mkdir "$WORLD/closed"
    chmod 555 "$WORLD/closed"
    expect 1 'csv: .*no permission' 'json: .*no permission' -- \
        as_nobody "$AA_BIN/admin-assistant" --config "$WORLD/copies/aa.conf" timesheet export 2026-0002 --output "$WORLD/closed"
    chmod 700 "$WORLD"
fi
sed -i "s|^directory = $WORLD/sheets$|directory = $WORLD/gone/sheets|" "$WORLD/aa.conf"
expect 3 'timesheet 2026-0003/1 issued: 2026-03-16' 'csv, xlsx, pdf, html, json: .*does not exist' 'the rest: admin-assistant timesheet export 2026-0003' -- \
    ts issue Work --from 2026-03-16 --to 2026-03-17 --force
sheets_config

# ---- found late: once, on the next timesheet ----

sim_post load '{"events":[{"calendar":"AAMkAGVmMDEzAnnaCalendar0AAA=","event":{"id":"e-late","subject":"Forgotten","categories":["Globex - billable"],
    "start":{"dateTime":"2026-03-14T10:00:00","timeZone":"W. Europe Standard Time"},"end":{"dateTime":"2026-03-14T11:00:00","timeZone":"W. Europe Standard Time"}}}]}'
archive 2026-03-09 2026-03-29
expect 3 'added +2026-03-14 Sat +10:00-11:00 +Globex +Forgotten' -- ts diff 2026-0001 --now
expect 0 'note +late +"Forgotten"' -- ts check Work --from 2026-03-18 --to 2026-03-22
expect 0 'timesheet 2026-0004/1 issued: 2026-03-18 to 2026-03-22' '1 line, worked 1:00' '1 of an earlier period, found late' -- \
    ts issue Work --from 2026-03-18 --to 2026-03-22 --no-documents
expect 0 '2026-03-14 Sat.*late' -- ts show 2026-0004
expect 0 'found late: its day is of an earlier timesheet' -- ts show 2026-0004 --explain 1
expect 0 'no difference' -- ts diff 2026-0001 --now
expect 0 'nothing has changed' -- ts issue Work --week 2026-W11 --revise
equal "sheets that have it" "$(sql "SELECT count(*) FROM timesheet_lines WHERE subject = 'Forgotten'")" 1

# A renderer that fails in its own ways, beside a copy of the command.
mkdir "$WORLD/bin"
cp "$AA_BIN/admin-assistant" "$WORLD/bin/"
other() { "$WORLD/bin/admin-assistant" --config "$WORLD/aa.conf" timesheet "$@"; }
renderer() { # SHELL-TEXT
    printf '#!/bin/sh\n%s\n' "$1" >"$WORLD/bin/admin-assistant-render"
    chmod +x "$WORLD/bin/admin-assistant-render"
}
if [ ! -x /usr/bin/admin-assistant-render ]; then
    expect 1 "neither in $WORLD/bin/ nor in /usr/bin" -- other export 2026-0002 --output "$WORLD/copies"
fi
renderer "ulimit -f 0; exec '$AA_BIN/admin-assistant-render' \"\$@\"" # as on a disk that is full
expect 1 'csv: .*(too large|ulimit)' 'pdf: .*ulimit' -- other export 2026-0002 --output "$WORLD/copies2"
equal "files on the full disk" "$(find "$WORLD/copies2" -type f | wc -l)" 0
renderer 'echo hello'
expect 75 'what is no report' -- other export 2026-0002 --output "$WORLD/copies"
renderer 'head -c 20000 /dev/zero | tr "\0" x'
expect 75 'what is no report' -- other export 2026-0002 --output "$WORLD/copies"
renderer 'printf "oh \\033[31mdear\\n" >&2; kill -9 $$'
expect 75 '^oh .*dear$' 'ended by signal 9' -- other export 2026-0002 --output "$WORLD/copies"
refuse $'\033'
renderer 'kill -INT 0; exec sleep 60' # what a terminal sends to both
expect 75 'ended by signal 2' -- setsid -w "$WORLD/bin/admin-assistant" --config "$WORLD/aa.conf" \
    timesheet export 2026-0002 --format csv --output -
equal "temporary files after an interrupt" "$(find "$WORLD/tmp" | wc -l)" 1
renderer 'exit 1'
expect 1 -- other export 2026-0002 --output "$WORLD/copies"
renderer 'printf "progress\tcsv\t1\t2\nfailed\tcsv\tIO\tthe disk is full\nfailed\tpdf\tIO\tthe disk is full\nfailed\txlsx\tIO\tthe disk is full\nfailed\thtml\tIO\tno font\n"; echo twice >&2
printf "made\tjson\t12\t3\t%064d\t/x/\\033[31my.json\ttemplate t is not good\n" 7'
expect 3 'csv, xlsx, pdf: the disk is full' 'html: no font' 'json  /x/.*y.json \(3 characters in no font\): template t is not good' -- \
    other export 2026-0002 --output "$WORLD/copies"
refuse 'twice'
refuse $'\033'
refuse 'progress'

# More findings than a screen has: the rest is in the check.
for i in $(seq 10 34); do
    sim_post load "{\"events\":[{\"calendar\":\"AAMkAGVmMDEzAnnaCalendar0AAA=\",\"event\":{\"id\":\"e-many-$i\",\"subject\":\"Many $i\",
        \"categories\":[\"Umbrella\"],\"start\":{\"dateTime\":\"2026-02-03T08:$i:00\",\"timeZone\":\"UTC\"},
        \"end\":{\"dateTime\":\"2026-02-03T08:$((i + 1)):00\",\"timeZone\":\"UTC\"}}}]}"
done
sim_post load '{"events":[{"calendar":"AAMkAGVmMDEzAnnaCalendar0AAA=","event":{"id":"e-few","subject":"Few","categories":["Globex - billable"],
    "start":{"dateTime":"2026-02-03T12:00:00","timeZone":"UTC"},"end":{"dateTime":"2026-02-03T13:00:00","timeZone":"UTC"}}}]}'
archive 2026-02-02 2026-02-08
expect 0 ' in its check:$' '^… [0-9]+ more: admin-assistant timesheet check 1 --from 2026-02-03 --to 2026-02-03$' -- \
    ts issue Work --from 2026-02-03 --force --no-documents
equal "findings that are shown" "$(grep -cE '^  (warning|error) ' <<<"$OUT")" 20

# ---- two users with one number ----

sim_post load '{"users":[{"upn":"bert@example.com","id":"6f1f7a52-3c1e-4b0e-9a55-0d2c3b7e4a12","displayName":"Bert","timeZone":"UTC",
    "refresh_token":"bert-refresh-token","calendars":[{"id":"bert-calendar","name":"Calendar","isDefaultCalendar":true,"events":[
    {"id":"b-one","subject":"Audit of Bert","categories":["Initech - billable"],"start":{"dateTime":"2026-03-10T09:00:00","timeZone":"UTC"},
     "end":{"dateTime":"2026-03-10T10:00:00","timeZone":"UTC"}},
    {"id":"b-two","subject":"Review by Bert","categories":["Initech - billable"],"start":{"dateTime":"2026-03-14T15:00:00","timeZone":"UTC"},
     "end":{"dateTime":"2026-03-14T16:00:00","timeZone":"UTC"}}]}]}]}'
printf '%s\n' bert-refresh-token >"$WORLD/token"
aa user add bert@example.com --username bert >/dev/null
aa login bert --refresh-token-file "$WORLD/token" >/dev/null
aa archive-config add bert --name Play --source "msgraph://bert@example.com/calendars/primary" \
    --destination "local://bert/calendars/archive" --timezone America/St_Johns >/dev/null
expect 0 '^2$' -- aa job add Play --type timesheet --schedule manual
expect 1 'its timesheet job reads them and issues the timesheet: admin-assistant job run 2 --from 2026-03-10 --to 2026-03-10' \
    -- ts issue Play --from 2026-03-10
expect 0 '^3$' -- aa job add Play --type calendar_archive --schedule manual
expect 1 'archive it with: admin-assistant job run 3 ' -- ts issue Play --from 2026-03-10
daemon_start
aa job run 3 --from 2026-03-09 --to 2026-03-15 --wait >"$WORLD/run.log" 2>&1 || fail "$(cat "$WORLD/run.log")"
daemon_stop
expect 0 'timesheet 2026-0001/1 issued: 2026-03-10, America/St_Johns' -- ts issue Play --from 2026-03-10 --no-documents
expect 1 '2026-0001' '--user|user' -- ts show 2026-0001
expect 1 '2026-0001' -- ts export 2026-0001 --format csv --output -
expect 1 '2026-0001' -- ts diff 2026-0001
expect 0 '/both/timesheet-2026-0001-r1-bert@example.com.csv' -- ts export 2026-0001/1 --user bert --format csv --output "$WORLD/both"
expect 0 '/both/timesheet-2026-0001-r1-anna@example.com.csv' -- ts export 2026-0001/1 --user anna --format csv --output "$WORLD/both"
grep -q 'Audit of Bert' "$WORLD/both/timesheet-2026-0001-r1-bert@example.com.csv" || fail "the copy of one user's is another's"
expect 0 '/both/timesheet-2026-0002-r1.csv' -- ts export 2026-0002/1 --format csv --output "$WORLD/both"
expect 0 'anna@example.com/timesheet-2026-0001-r2.csv' -- ts export 2026-0001 --user anna --format csv
expect 0 'Audit of Bert' '06:30-07:30' -- ts show 2026-0001 --user bert
expect 0 'Requirements workshop' -- ts show 2026-0001 --user anna
expect 0 'bert@example.com' -- ts list bert
refuse 'anna@example.com'
expect 3 '1 line, worked 1:00' 'customer "Initech" is not known' -- ts check Play --from 2026-03-10
expect 0 'begins +2026-03-10 06:30 NDT \(2026-03-10 09:00 UTC\)' -- ts show 2026-0001 --user bert --explain 1

# ---- what a run says of its timesheet ----

daemon_start
expect 0 'run [0-9]+: success: timesheet 2026-0002/1, .*1 line' -- aa job run 2 --from 2026-03-14 --to 2026-03-15 --wait
expect 0 'run [0-9]+: success: no appointment counts, no timesheet' -- aa job run 2 --from 2026-03-12 --to 2026-03-13 --wait
expect 0 '"timesheet":null' -- aa job run 2 --from 2026-03-11 --to 2026-03-11 --wait --json
is_json
daemon_stop
expect 0 'success .*timesheet 2026-0002/1, ' 'success .*no appointment counts, no timesheet' -- aa job history 2
expect 0 '"timesheet":"2026-0002/1"' '"timesheet":null' -- aa job history 2 --json
is_json
run=$(sql "SELECT id FROM job_runs WHERE job_id = 2 ORDER BY id LIMIT 1")
expect 0 'success, timesheet 2026-0002/1, ' -- aa job why "$run"
expect 0 '"timesheet":"2026-0002/1"' -- aa job why "$run" --json
is_json
expect 0 'success, no appointment counts, no timesheet' -- aa job why "$((run + 1))"

expect 0 'no problem found' -- aa db check
expect 0 -- aa audit verify

printf '%s checks\n' "$CHECKS"
