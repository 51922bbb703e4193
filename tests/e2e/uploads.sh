#!/usr/bin/env bash
# What becomes of timesheets that are issued: documents into OneDrive, draft invoices into Xero, each once, with the real daemon
# against the stand-in server; killed between the request and the commit, throttled, refused, with sessions that are lost.
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/world.sh
. tests/lib/sheets.sh

# The files of the stand-in's OneDrive: "path writes", one a line.
drive_files() {
    sim_get drive >"$WORLD/drive"
    sqlite3 :memory: "SELECT (value ->> 'path') || ' ' || (value ->> 'writes') FROM json_each(readfile('$WORLD/drive')) ORDER BY 1"
}
drive_is() { [ "$(drive_files)" = "$1" ]; }

sim_start --data tests/graphsim/data
config_write "[onedrive]" "folder = Timesheets/2026" "formats = pdf csv"
aa key generate >"$WORLD/out"
aa db upgrade >>"$WORLD/out" 2>&1
printf '%s\n' demo-refresh-token >"$WORLD/token"
chmod 600 "$WORLD/token"
aa user add anna@example.com --username anna >>"$WORLD/out"
aa login anna --refresh-token-file "$WORLD/token" >>"$WORLD/out"
aa archive-config add anna --name Work --source "msgraph://anna@example.com/calendars/primary" \
    --destination "local://anna/calendars/archive" --timezone Europe/Berlin >>"$WORLD/out"

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
