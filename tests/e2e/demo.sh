#!/usr/bin/env bash
# ./dev demo: a sample month from sign-in to archive, with everything that an owner would look at.
# usage: demo.sh BUILD-DIR TOOLS-DIR
set -euo pipefail
cd "$(dirname "$0")/../.."
AA_BIN=$1/bin
SIM_BIN=$2/bin
KEEP_WORLD=${KEEP_WORLD-1} # KEEP_WORLD= leaves nothing behind
. tests/lib/world.sh

step() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
show() { printf '$ admin-assistant %s\n' "$*"; aa "$@"; }

step "A stand-in Graph server over TLS, a configuration, a key, a database"
CA=$WORLD/ca.pem
sim_start --tls --ca "$CA" --data tests/graphsim/data
mkdir "$WORLD/timesheets"
config_write "[timesheet]" "directory = $WORLD/timesheets" \
    "letterhead = Anna Lindqvist | Software and advice | Hafenstr. 1 | 20457 Hamburg" "rounding = up" "round_scope = day+customer"
show key generate
show db upgrade

step "A user whose sign-in is a refresh token, an archive configuration, a job"
printf '%s\n' demo-refresh-token >"$WORLD/token"
chmod 600 "$WORLD/token"
show user add anna@example.com --username anna --name "Anna Lindqvist"
show login anna --refresh-token-file "$WORLD/token"
rm "$WORLD/token"
show archive-config add anna --name Work --source "msgraph://anna@example.com/calendars/primary" \
    --destination "local://anna/calendars/archive" --timezone Europe/Berlin
# The sample month is March 2026; a normal run covers the days up to yesterday.
days=$((($(date -u -d "$(TZ=Europe/Berlin date +%F)" +%s) - $(date -u -d 2026-03-01 +%s)) / 86400))
at=23:59 # and not while this goes on
[ "$(TZ=Europe/Berlin date +%H)" -lt 22 ] || at=03:00
show job add 1 --type calendar_archive --schedule daily --at "$at" --window "$((days < 1800 ? days : 1800))"

step "The daemon, and SIGUSR1 with the job's number"
daemon_start
printf '$ /bin/kill -q 1 -s USR1 %s\n' "$DAEMON_PID"
trigger 1
wait_for 15 "the run" runs_done 1
cat "$WORLD/daemon.log"

step "What is in the archive"
show appointment list anna --from 2026-03-01 --to 2026-03-31

step "What the audit trail says"
show audit show "$(run_field 1 parent_audit_id)"
show audit verify

step "The same again: nothing to write"
trigger 1
wait_for 15 "the second run" runs_done 2
tail -n 1 "$WORLD/daemon.log"
[ "$(run_field 2 "outcome || json_extract(counts, '\$.inserted')")" = success0 ] || fail "the second run wrote rows"

step "A timesheet of the first week of March: what a person should look at first"
show timesheet check Work --week 2026-W10 || [ $? -eq 1 ]
show timesheet issue Work --week 2026-W10 || [ $? -eq 1 ]

step "Two pairs of meetings claim the same minutes: somebody decides"
show action list
show action show 1
show action resolve 1 --keep "$(sql "SELECT min(target_id) FROM entity_associations WHERE source_id = 1")"
show action resolve 2 --keep "$(sql "SELECT min(target_id) FROM entity_associations WHERE source_id = 2")"

step "Issued, and frozen"
show timesheet issue Work --week 2026-W10
show timesheet show 2026-0001
show timesheet show 2026-0001 --explain 1

step "Status, and SIGTERM"
show status
daemon_stop
sim_stop
tail -n 1 "$WORLD/daemon.log"
printf '\nThe timesheet, in all formats:\n'
for format in pdf html xlsx csv json; do
    path=$(sql "SELECT path FROM timesheet_documents WHERE format = '$format'")
    [ -s "$path" ] || fail "there is no $format"
    printf '  %s\n' "$path"
done
printf '\nThe database is %s/aa.db (key in %s/keys)\n' "$WORLD" "$WORLD"
