#!/usr/bin/env bash
# The crash matrix of uploads: the real daemon is killed at every sync (before it and after it) while a timesheet goes to OneDrive
# and Xero; the next start must bring it there, and each file and each invoice is there once and was written once.
# env: AA_BIN, SIM_BIN, KILL_LIB
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/world.sh
. tests/lib/kill.sh
. tests/lib/sheets.sh

sim_start --data tests/graphsim/data
printf '%s\n' "xero-secret" >"$WORLD/xero.secret"
chmod 600 "$WORLD/xero.secret"
config_write "[onedrive]" "folder = Timesheets" "formats = pdf" "[xero]" "base_url = $AUTHORITY/api.xro/2.0" \
    "identity_url = $AUTHORITY/connect/token" "client_id = XERO-CLIENT" "client_secret_file = $WORLD/xero.secret"
anna_set_up
cp -a "$WORLD/aa.db" "$WORLD/before.db"
[ ! -e "$WORLD/aa.db-wal" ] || fail "the database was not closed cleanly"

wanted="onedrive pdf done, xero Acme done, xero Globex done"
points=0

# The uploads disturbed at sync $1.  Returns 1 when they came to their end before.  Each has a number of its own, so that what is
# there is told apart.
disturb() {
    local died=0 number
    number=2026-$(printf '%04d' $((points + 1)))
    rm -f "$WORLD"/aa.db*
    cp -a "$WORLD/before.db" "$WORLD/aa.db"
    echo "document $number" | sheet_file "$number.pdf"
    sheet_issue 1 "$number" 1 NULL 'Acme:150;Globex:225' "pdf:$number.pdf"
    : >"$WORLD/daemon.log"
    dies_at "$1" outbox_is 1 "$wanted" && died=1
    if [ "$died" -eq 1 ]; then
        daemon_start
        wait_for 30 "the uploads after a crash at sync $1" outbox_is 1 "$wanted"
        daemon_stop
    fi
    drive_has "Timesheets/$number.pdf 1" || fail "after a crash at sync $1, in OneDrive: $(drive_files)"
    [ "$(invoices | grep -F "|$number/1 ")" = "Acme|$number/1 anna@example.com|DRAFT|1.5|$number.pdf 1
Globex|$number/1 anna@example.com|DRAFT|2.25|$number.pdf 1" ] || fail "after a crash at sync $1, in Xero: $(invoices)"
    [ "$(sql "SELECT uploaded_to_onedrive AND uploaded_to_xero FROM timesheets")" = 1 ] || fail "the sheet does not say so"
    [ "$(sql "SELECT count(*) || max(status) FROM audit_log WHERE action_type = 'upload' AND parent_audit_id IS NULL")" = 1success ] ||
        fail "the parent entry after a crash at sync $1"
    aa audit verify >/dev/null || fail "the audit chain is broken after a crash at sync $1"
    points=$((points + 1))
    [ "$died" -eq 1 ]
}

for sign in '' '-'; do
    n=1
    while disturb "$sign$n"; do
        n=$((n + 1))
        [ "$n" -lt 100 ] || fail "the daemon never comes to its end"
    done
done
[ "$points" -ge 14 ] || fail "only $points crash points were met"
printf 'killed at %d points, each file and each invoice was there once\n' "$points"
