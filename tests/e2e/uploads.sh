#!/usr/bin/env bash
# What becomes of timesheets that are issued: documents into OneDrive, draft invoices into Xero, each once, with the real daemon
# against the stand-in server; killed between the request and the commit, throttled, refused, with sessions that are lost.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/world.sh
. tests/lib/sheets.sh
. tests/lib/expect.sh

drive_is() { [ "$(drive_files)" = "$1" ]; }
daemon_again() { # keeps what the one before said
    cat "$WORLD/daemon.log" >>"$WORLD/earlier.log"
    daemon_start
}
fault() { sim_post fault "$1"; }
pieces_are() { [ "$(sim_get log | grep -c '"path":.*"/upload/')" -ge "$1" ]; }
has_task() { sql "SELECT description FROM action_log WHERE state = 'open'" | grep -qF "$1"; }

sim_start --data tests/graphsim/data
config_write "[onedrive]" "folder = Timesheets/2026" "formats = pdf csv"
anna_set_up

# ---- OneDrive: what is small ----
daemon_start
echo "a pdf" | sheet_file "2026-0001.pdf"
echo "a csv" | sheet_file "2026-0001.csv"
sheet_issue 1 2026-0001 1 NULL "Acme:750" "pdf:2026-0001.pdf;csv:2026-0001.csv"
wait_for 15 "the first upload" outbox_is 1 "onedrive csv done, onedrive pdf done"
drive_is "Timesheets/2026/2026-0001.csv 1
Timesheets/2026/2026-0001.pdf 1" || fail "in OneDrive: $(drive_files)"
[ "$(sql "SELECT uploaded_to_onedrive FROM timesheets WHERE id = 1")" = 1 ] || fail "the sheet does not say that it is uploaded"
daemon_stop

# ---- more than one request takes: a session ----
head -c 6000000 /dev/urandom | sheet_file "2026-0002.pdf"
daemon_again
fault '{"match":"/upload/","method":"PUT","skip":1,"times":1,"action":{"hold_answer_ms":60000}}'
sheet_issue 2 2026-0002 1 NULL "" "pdf:2026-0002.pdf"
wait_for 15 "the second piece" pieces_are 2
daemon_kill # in the middle of a session
sim_post clear ""
daemon_again
wait_for 30 "the big upload" outbox_is 2 "onedrive pdf done"
drive_has "Timesheets/2026/2026-0002.pdf 1"

# ---- killed between the request and the commit ----
echo "another" | sheet_file "2026-0003.pdf"
fault '{"match":"2026-0003.pdf:/content","method":"PUT","action":{"hold_answer_ms":60000}}'
sheet_issue 3 2026-0003 1 NULL "" "pdf:2026-0003.pdf"
wait_for 15 "the file" drive_has "Timesheets/2026/2026-0003.pdf 1"
daemon_kill
outbox_is 3 "onedrive pdf intended" || fail "stored before it was answered: $(outbox 3)"
sim_post clear ""
daemon_again
wait_for 15 "the third upload" outbox_is 3 "onedrive pdf done"
drive_has "Timesheets/2026/2026-0003.pdf 1" || fail "written again: $(drive_files)"
grep -q 'timesheet 2026-0003/1: .*(was there already)' "$WORLD/daemon.log" || fail "it does not say that it was there"

# ---- throttled: it waits as long as it was told to, and nothing else waits with it ----
echo "throttled" | sheet_file "2026-0004.pdf"
fault '{"match":"2026-0004.pdf","times":2,"action":{"status":429,"headers":{"Retry-After":"1"}}}'
sheet_issue 4 2026-0004 1 NULL "" "pdf:2026-0004.pdf"
wait_for 20 "the throttled upload" outbox_is 4 "onedrive pdf done"
drive_has "Timesheets/2026/2026-0004.pdf 1"

# ---- the permission is missing: a task, told once, tried again after a sign-in ----
echo "denied" | sheet_file "2026-0005.pdf"
fault '{"match":"/drive/","action":{"status":403}}'
sheet_issue 5 2026-0005 1 NULL "" "pdf:2026-0005.pdf"
wait_for 15 "the task" has_task "Files.ReadWrite"
[ "$(sql "SELECT is_for_human FROM outbox WHERE timesheet_id = 5")" = 1 ] || fail "it is not a person's"
[ "$(grep -c 'somebody must act' "$WORLD/daemon.log")" = 1 ] || fail "not told once"
[ "$(sql "SELECT count(*) FROM users WHERE ms_auth_state = 'reauth_needed'")" = 0 ] || fail "the sign-in is blamed"
sim_post clear ""
aa login anna --refresh-token-file "$WORLD/token" >>"$WORLD/out"
wait_for 15 "the upload after the sign-in" outbox_is 5 "onedrive pdf done"
[ "$(sql "SELECT count(*) FROM action_log WHERE state = 'open' AND event_type = 'upload'")" = 0 ] || fail "the task stays open"

# ---- a file that is no longer what was made ----
echo "good" | sheet_file "2026-0006.pdf"
daemon_stop
sheet_issue 6 2026-0006 1 NULL "" "pdf:2026-0006.pdf"
echo "tampered" | sheet_file "2026-0006.pdf"
daemon_again
wait_for 15 "the refusal" grep -q '2026-0006.pdf is no longer the file that was made' "$WORLD/daemon.log"
outbox_is 6 "onedrive pdf intended" || fail "of a file that can be made again: $(outbox 6)"
[ "$(sql "SELECT uploaded_to_onedrive FROM timesheets WHERE id = 6")" = 0 ] || fail "a failed sheet says that it is uploaded"
echo "good" | sheet_file "2026-0006.pdf"
aa reload >>"$WORLD/out"
wait_for 15 "the file that was made again" outbox_is 6 "onedrive pdf done"
daemon_stop

# ---- Xero: a draft invoice for each customer, with the PDF ----
invoices_are() { [ "$(invoices)" = "$1" ]; }
same_invoices() { invoices_are "$1" || fail "in Xero: $(invoices)"; }
printf '%s\n' "xero-secret-canary" >"$WORLD/xero.secret"
chmod 600 "$WORLD/xero.secret"
sim_post load '{"xero":{"client_id":"XERO-CLIENT","client_secret":"xero-secret-canary","tenant_id":"tenant-1","contacts":["Acme"]}}'
config_write "[onedrive]" "folder = Timesheets/2026" "formats = pdf" "[xero]" "base_url = $AUTHORITY/api.xro/2.0" \
    "identity_url = $AUTHORITY/connect/token" "client_id = XERO-CLIENT" "client_secret_file = $WORLD/xero.secret" \
    "tenant_id = tenant-1" "rates = Acme: 95.50; *: 80" "[timesheet]" "directory = $WORLD/sheets" "formats = pdf"
daemon_again
echo "an invoice" | sheet_file "2026-0007.pdf"
sheet_issue 7 2026-0007 1 NULL 'Acme:750;B & C "GmbH":125' "pdf:2026-0007.pdf"
wait_for 20 "the invoices" outbox_is 7 'onedrive pdf done, xero Acme done, xero B & C "GmbH" done'
first='Acme|2026-0007/1 anna@example.com|DRAFT|7.5|2026-0007.pdf 1
B & C "GmbH"|2026-0007/1 anna@example.com|DRAFT|1.25|2026-0007.pdf 1'
same_invoices "$first"
[ "$(sqlite3 :memory: "SELECT json_extract(readfile('$WORLD/xero'), '\$.invoices[0].LineItems[0].UnitAmount')")" = 95.5 ] || fail "the rate"
[ "$(sql "SELECT uploaded_to_xero FROM timesheets WHERE id = 7")" = 1 ] || fail "the sheet does not say that it is in Xero"
[ "$(sql "SELECT count(*) FROM outbox WHERE timesheet_id < 7 AND kind = 'xero'")" = 0 ] || fail "earlier sheets were sent to Xero"

# ---- a revision changes the drafts; whose hours are gone has no invoice any more ----
echo "a revision" | sheet_file "2026-0007-r2.pdf"
fault '{"match":"/Invoices","method":"POST","times":1,"action":{"hold_answer_ms":60000}}'
sheet_issue 8 2026-0007 2 7 'Acme:800;Dora:100' "pdf:2026-0007-r2.pdf"
changed='Acme|2026-0007/2 anna@example.com|DRAFT|8.0|2026-0007.pdf 1
B & C "GmbH"|2026-0007/1 anna@example.com|DRAFT|1.25|2026-0007.pdf 1'
wait_for 20 "the change" invoices_are "$changed"
daemon_kill # it has changed the invoice and does not know it
sim_post clear ""
daemon_again
wait_for 20 "the revision" outbox_is 8 'onedrive pdf done, xero Acme done, xero B & C "GmbH" done, xero Dora done'
second='Acme|2026-0007/2 anna@example.com|DRAFT|8.0|2026-0007.pdf 1,2026-0007-r2.pdf 1
B & C "GmbH"|2026-0007/1 anna@example.com|DELETED|1.25|2026-0007.pdf 1
Dora|2026-0007/2 anna@example.com|DRAFT|1.0|2026-0007-r2.pdf 1'
same_invoices "$second"

# ---- a person has gone on with the invoice: it is left alone, and a task is open ----
sim_post load '{"xero":{"set_status":{"INV-0001":"AUTHORISED"}}}'
echo "a third" | sheet_file "2026-0007-r3.pdf"
sheet_issue 9 2026-0007 3 8 'Acme:900' "pdf:2026-0007-r3.pdf"
wait_for 20 "the third revision" outbox_is 9 'onedrive pdf done, xero Acme failed, xero Dora done'
has_task "INV-0001 of the revision before is AUTHORISED" || fail "no task: $(sql "SELECT description FROM action_log")"
third='Acme|2026-0007/2 anna@example.com|AUTHORISED|8.0|2026-0007.pdf 1,2026-0007-r2.pdf 1
B & C "GmbH"|2026-0007/1 anna@example.com|DELETED|1.25|2026-0007.pdf 1
Dora|2026-0007/2 anna@example.com|DELETED|1.0|2026-0007-r2.pdf 1'
same_invoices "$third"

# ---- the person takes that back, and asks for the upload again: what is there is not sent twice ----
sim_post load '{"xero":{"set_status":{"INV-0001":"DRAFT"}}}'
aa action list | grep -q upload || fail "no task in the list"
expect 0 '^2026-0007/3: 1 to send \(1 given up before, 0 that waited, 0 new\), 2 done already' -- aa timesheet upload 2026-0007
wait_for 20 "what was asked for again" outbox_is 9 'onedrive pdf done, xero Acme done, xero Dora done'
has_task "INV-0001" && fail "the task stays open"
same_invoices "Acme|2026-0007/3 anna@example.com|DRAFT|9.0|2026-0007.pdf 1,2026-0007-r2.pdf 1,2026-0007-r3.pdf 1
$(tail -n +2 <<<"$third")"
drive_has "Timesheets/2026/2026-0007-r3.pdf 1" || fail "in OneDrive: $(drive_files)"
expect 0 '^2026-0007/3: nothing to send, 3 done already$' -- aa timesheet upload 2026-0007
expect 0 '"is_planned":true,"again":0,"hurried":0,"new":0,"done":3' -- aa timesheet upload 2026-0007 --json
is_json
expect 1 'ask for the upload of 2026-0007' -- aa timesheet upload 2026-0007/2
expect 1 'no timesheet|2026-0077' -- aa timesheet upload 2026-0077
# The first sheet was issued before there was Xero: only who asks for that gets an invoice of it.
expect 0 '^2026-0001/1: 1 to send \(0 given up before, 0 that waited, 1 new\), 2 done already' -- aa timesheet upload 2026-0001
wait_for 20 "the invoice after all" outbox_is 1 "onedrive csv done, onedrive pdf done, xero Acme done"
[ "$(invoices | grep -c '^Acme|2026-0001/1 anna@example.com|DRAFT|7.5|2026-0001.pdf 1$')" = 1 ] || fail "in Xero: $(invoices)"

# ---- the token ends, a refusal passes, and an answer is lost ----
sim_post fault '{"expire_xero":true}'
# Twice: on a connection that was used before libcurl asks again by itself, and the key makes that harmless.
fault '{"match":"/Invoices","method":"POST","times":2,"action":{"lose_answer":true}}'
echo "lost" | sheet_file "2026-0010.pdf"
sheet_issue 10 2026-0010 1 NULL 'Emil:200' "pdf:2026-0010.pdf"
wait_for 15 "the fault" grep -q 'timesheet 2026-0010/1: not uploaded yet, trying again' "$WORLD/daemon.log"
sql_write "UPDATE outbox SET not_before = '2026-01-01 00:00:00.000000' WHERE state = 'intended'" # as if that time had passed
wait_for 15 "the second attempt" outbox_is 10 "onedrive pdf done, xero Emil done"
[ "$(invoices | grep -c '^Emil|2026-0010/1 anna@example.com|DRAFT|2.0|2026-0010.pdf 1$')" = 1 ] || fail "in Xero: $(invoices)"
# ---- a sheet that was really issued: what is billed is what Xero gets ----
sim_post load "@tests/e2e/timesheet_week.json"
aa job add Work --type calendar_archive --schedule manual >>"$WORLD/out"
aa job run 1 --from 2026-03-09 --to 2026-03-15 --wait >>"$WORLD/out" 2>&1 || fail "$(cat "$WORLD/out")"
aa timesheet issue Work --week 2026-W11 --force >>"$WORLD/out" 2>&1 || fail "$(cat "$WORLD/out")"
issued=$(sql "SELECT id FROM timesheets WHERE start_date = '2026-03-09' AND status = 'issued'")
wait_for 30 "the uploads of a week" outbox_is "$issued" \
    "onedrive pdf done, xero Acme GmbH done, xero Akme GmbH done, xero Globex done"
number=$(sql "SELECT number FROM timesheets WHERE id = $issued")
billed=$(sql "SELECT sum(billed_hundredths) / 100.0 FROM timesheet_lines WHERE timesheet_id = $issued")
[ "$(invoices | grep -F "|$number/1 " | awk -F'|' '{ sum += $4 } END { print sum }')" = "$billed" ] ||
    fail "billed $billed, in Xero: $(invoices)"
drive_has "Timesheets/2026/timesheet-$number-r1.pdf 1" || fail "in OneDrive: $(drive_files)"
if grep -q Cardiologist "$WORLD/xero"; then fail "a private appointment is in Xero"; fi

tr '\0' ' ' <"/proc/$DAEMON_PID/cmdline" >"$WORLD/argv.log"
tr '\0' ' ' <"/proc/$DAEMON_PID/environ" >"$WORLD/environ.log"
daemon_stop

# ---- the trail, and no secret anywhere ----
aa audit verify >"$WORLD/verify" || fail "the audit trail does not verify"
[ "$(sql "SELECT count(*) FROM audit_log WHERE action_type = 'upload' AND parent_audit_id IS NULL AND closed_at IS NULL")" = 0 ] ||
    fail "a parent entry stays open"
[ "$(sql "SELECT count(*) FROM audit_log WHERE action_type = 'upload' AND parent_audit_id IS NULL")" -eq 13 ] || fail "not one entry a sheet, and one each for what was asked for again"
sqlite3 "$WORLD/aa.db" .dump >"$WORLD/dump"
for canary in xero-secret-canary eyXsim EwBsim 0.AXsim demo-refresh-token /upload/; do
    for place in "$WORLD/dump" "$WORLD/out" "$WORLD"/*.log; do
        if grep -qF -- "$canary" "$place"; then fail "$canary stands in $place"; fi
    done
done
# No token of the one service was ever shown to the other, and none to the address of a session.
sim_get log >"$WORLD/requests"
mixed=$(sqlite3 :memory: "WITH r AS (SELECT value ->> 'authorization_hash' AS hash, value ->> 'path' AS path
        FROM json_each(readfile('$WORLD/requests')) WHERE value ->> 'authorization' = 'present')
    SELECT count(*) FROM r WHERE path LIKE '/upload/%' OR path LIKE '/v1.0/%' AND hash IN
        (SELECT hash FROM r WHERE path NOT LIKE '/v1.0/%') OR path LIKE '/api.xro/%' AND hash IN (SELECT hash FROM r WHERE path NOT LIKE '/api.xro/%')")
[ "$mixed" = 0 ] || fail "$mixed requests with a token that is not theirs"
