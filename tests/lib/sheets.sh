# Timesheets for tests that are about what becomes of them: written straight into the database of tests/lib/world.sh, as an
# issue leaves them.  Sourced.

# A file that stands for a document, in the folder of timesheets; its bytes come from stdin.
sheet_file() { # NAME
    mkdir -p "$WORLD/timesheets"
    cat >"$WORLD/timesheets/$1"
}

# A sheet of user 1, of a week by its number, with one billable line a customer given as NAME:HUNDREDTHS, and its documents
# "FORMAT:FILE".
sheet_issue() { # ID NUMBER REVISION SUPERSEDES(or NULL) "CUSTOMERS" "DOCUMENTS"
    local id=$1 line=0 text pair week=$((10#${2##*-}))
    text="BEGIN;"
    [ "$4" = NULL ] || text+="UPDATE timesheets SET status = 'superseded' WHERE id = $4;"
    text+="INSERT INTO timesheets (id, user_id, start_date, end_date, status, archive_configuration_id, number, revision,
        supersedes_id, zone, created_at, updated_at) VALUES ($id, 1, date('2026-01-05', '+$((week * 7)) days'),
        date('2026-01-11', '+$((week * 7)) days'), 'draft', 1, '$2', $3, $4,
        'Europe/Berlin', '2026-03-09 00:00:00.000000', '2026-03-09 00:00:00.000000');"
    local IFS=';'
    for pair in $5; do
        line=$((line + 1))
        text+="INSERT INTO appointments (id, user_id, start_time, end_time, subject, created_at, updated_at)
            VALUES ($((id * 100 + line)), 1, '2026-03-02 08:00:00.000000', '2026-03-02 09:00:00.000000', 'Work $line',
            '2026-03-09 00:00:00.000000', '2026-03-09 00:00:00.000000');
            INSERT INTO timesheet_lines VALUES ($id, $line, 1, $((id * 100 + line)), 1, '2026-03-0$((line + 1))', 'work', 'billable',
            0, 0, '2026-03-02 08:00:00.000000', '2026-03-02 09:00:00.000000', 60, 60, 0, 60, 60, ${pair##*:}, ${pair##*:},
            '${pair%:*}', 'Work $line \"quoted\"', '', '');"
    done
    for pair in $6; do
        local path="$WORLD/timesheets/${pair##*:}"
        text+="INSERT INTO timesheet_documents (timesheet_id, format, user_id, state, path, bytes, file_hash, updated_at) VALUES
            ($id, '${pair%:*}', 1, 'made', '$path', $(stat -c %s "$path"), x'$(b2sum -l 256 "$path" | cut -d' ' -f1)',
            '2026-03-09 00:00:00.000000');"
    done
    text+="UPDATE timesheets SET status = 'issued', n_lines = $line, worked_minutes = $((line * 60)), billed_minutes = $((line * 60)), issued_at = '2026-03-09 00:00:00.000000' WHERE id = $id; COMMIT;"
    sqlite3 -batch -bail "$WORLD/aa.db" ".timeout 5000" "PRAGMA foreign_keys = ON" "$text"
}

# What the outbox says of a sheet: "onedrive pdf done, xero Acme intended".
outbox() { # ID
    sql "SELECT group_concat(kind || ' ' || target || ' ' || state, ', ') FROM
        (SELECT * FROM outbox WHERE timesheet_id = $1 ORDER BY kind, target)"
}
outbox_is() { [ "$(outbox "$1")" = "$2" ]; }

# The files of the stand-in's OneDrive: "path writes", one a line.
drive_files() {
    sim_get drive >"$WORLD/drive"
    sqlite3 :memory: "SELECT (value ->> 'path') || ' ' || (value ->> 'writes') FROM json_each(readfile('$WORLD/drive')) ORDER BY 1"
}
drive_has() { drive_files | grep -qxF "$1"; }

# "CUSTOMER REFERENCE STATUS HOURS ATTACHMENTS" of all invoices, one a line.
invoices() {
    sim_get xero >"$WORLD/xero"
    sqlite3 :memory: "SELECT (i.value ->> '\$.Contact.Name') || '|' || (i.value ->> 'Reference') || '|' || (i.value ->> 'Status') || '|' ||
        (SELECT total(l.value ->> 'Quantity') FROM json_each(i.value, '\$.LineItems') l) || '|' ||
        coalesce((SELECT group_concat((a.value ->> 'FileName') || ' ' || (a.value ->> 'writes')) FROM
            json_each(x.text, '\$.attachments.' || json_quote(i.value ->> 'InvoiceID')) a), '')
        FROM (SELECT readfile('$WORLD/xero') AS text) x, json_each(x.text, '\$.invoices') i ORDER BY 1"
}
