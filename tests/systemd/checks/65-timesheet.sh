# A timesheet is issued by the service in its sandbox, and by root beside it: the documents are the service's either way.

SHEETS=$STATE/timesheets/anna@example.com

sheet_by_the_service() {
    local job
    job=$(aa job add 1 --type timesheet --schedule manual)
    local status=0
    aa job run "$job" --from 2026-03-09 --to 2026-03-15 --wait || status=$?
    [ "$status" -eq 0 ] || [ "$status" -eq 3 ] # 3: what the check found
    local format
    for format in pdf html xlsx csv json; do
        test -s "$SHEETS/timesheet-2026-0001-r1.$format"
        same "admin-assistant admin-assistant" "$(stat -c '%U %G' "$SHEETS/timesheet-2026-0001-r1.$format")"
    done
    has "$(journalctl -u $UNIT -o cat)" 'timesheet made in .*: 2026-0001, .*5 documents made'
    hasnt "$(journalctl -u $UNIT -o cat -p warning)" 'is without its'
}
check "a run issues a timesheet and makes its documents in the sandbox" sheet_by_the_service

sheet_by_root() {
    has "$(aa timesheet issue Work --week 2026-W13 --force)" '2026-0002/1 issued'
    same "5 admin-assistant" "$(stat -c %U "$SHEETS"/timesheet-2026-0002-r1.* | sort | uniq -c | sed 's/^ *//')"
    hasnt "$(find $STATE -user root)" . # nothing that the service could not write any more
    has "$(aa timesheet show 2026-0002 --explain total)" 'both as the timesheet says'
}
check "root issues another one, and what it makes is the service's" sheet_by_root
