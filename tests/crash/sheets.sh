#!/usr/bin/env bash
# The crash matrix of timesheets: the real daemon is killed at every sync (before it and after it) of a run that issues the week of
# tests/e2e/timesheet_week.json, with the days in the archive and without them; then the program that makes its documents is
# killed, and the daemon while that program works.  The next start must leave one timesheet, its lines, its tasks and its files
# byte for byte as a run that nobody disturbed.
# env: AA_BIN, SIM_BIN, KILL_LIB
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/lib/world.sh
. tests/lib/kill.sh

SHEETS=$WORLD/sheets
sim_start --data tests/graphsim/data/10-people.json
sim_post load "@tests/e2e/timesheet_week.json"
sim_post load '{"max_page":5}' # several pages, so that there is something between them
use_formats() { # FORMAT…
    FORMATS=("$@")
    config_write "[timesheet]" "directory = $SHEETS" "rounding = up" "round_to = 15" "customers = Acme GmbH; Globex" "formats = $*"
}
use_formats csv
anna_set_up

# The database that a run of a timesheet job starts from, as $1.db: it is asked for, and nobody has begun.
keep_queued() { # NAME
    aa job add 1 --type timesheet --schedule manual >/dev/null
    aa job run "$(sql "SELECT max(id) FROM job_configurations")" --from 2026-03-09 --to 2026-03-15 >/dev/null 2>&1 ||
        [ $? -eq 75 ] || fail "the run is not queued"
    [ ! -e "$WORLD/aa.db-wal" ] || fail "the database was not closed cleanly"
    cp -a "$WORLD/aa.db" "$WORLD/$1.db"
}

cp -a "$WORLD/aa.db" "$WORLD/empty.db"
keep_queued bare
cp -a "$WORLD/empty.db" "$WORLD/aa.db"
aa job add 1 --type calendar_archive --schedule manual >/dev/null
daemon_start
aa job run 1 --from 2026-03-09 --to 2026-03-15 --wait >"$WORLD/run.log" 2>&1 || fail "$(cat "$WORLD/run.log")"
daemon_stop
keep_queued archived

# ---- what is compared ----

sheet_book() {
    sql "SELECT id, number, revision, status, start_date, end_date, zone, rules, hex(content_hash), n_lines, worked_minutes, held_minutes,
            billed_minutes, run_id, pdf_path, csv_path, excel_path FROM timesheets;
         SELECT * FROM timesheet_lines ORDER BY timesheet_id, line_no;
         SELECT ms_event_id, timesheet_id, hex(content_hash) FROM appointments ORDER BY ms_event_id;
         SELECT timesheet_id, format, state, path, bytes, hex(file_hash), note, error_message FROM timesheet_documents ORDER BY 1, 2;
         SELECT event_type, state, description FROM action_log ORDER BY 1, 3;
         SELECT count(*) FROM appointment_versions; SELECT count(*) FROM staged_events"
    (cd "$SHEETS" && find . -type f | sort | xargs b2sum)
}
run_book() {
    sql "SELECT state, outcome, step, timesheet_id, counts FROM job_runs ORDER BY id;
         SELECT operation, status, count(*) FROM audit_log WHERE operation IN ('timesheet', 'calendar_archive', 'store', 'issue')
         GROUP BY 1, 2 ORDER BY 1, 2"
}

is_over() { [ "$(sql "SELECT count(*) FROM job_runs WHERE state <> 'done'")" = 0 ]; }
all_made() { is_over && [ "$(sql "SELECT count(*) FROM timesheet_documents WHERE state = 'made'")" = ${#FORMATS[@]} ]; }
none_renders() { ! pgrep -f -- "--config $WORLD/aa.conf --sheet"; }

start_over() { # NAME
    rm -rf "$WORLD"/aa.db* "$SHEETS"
    cp -a "$WORLD/$1.db" "$WORLD/aa.db"
    : >"$WORLD/daemon.log"
}

# The start after a crash, and what there is then; the command is run when that start has done its work.
recover() { # NAME WHEN [COMMAND…]
    daemon_start
    wait_for 30 "the timesheet $2" all_made
    daemon_stop
    "${@:3}"
    wait_for 30 "the end of what made documents $2" none_renders
    compare "$1" sheet "$2"
    aa audit verify >/dev/null || fail "the audit chain is broken $2"
}
compare() { # NAME BOOK WHEN
    "$2_book" >"$WORLD/got"
    cmp -s "$WORLD/$1.$2" "$WORLD/got" || fail "$3: $(diff "$WORLD/$1.$2" "$WORLD/got" | cut -c1-300 | head -n 8)"
}

undisturbed() { # NAME
    local format
    start_over "$1"
    daemon_start
    wait_for 30 "the undisturbed run" all_made
    daemon_stop
    sheet_book >"$WORLD/$1.sheet"
    run_book >"$WORLD/$1.run"
    [ "$(sql "SELECT count(*) || max(status) || (SELECT count(*) > 8 FROM timesheet_lines) || max(held_minutes) FROM timesheets")" = 1issued160 ] ||
        fail "$1: not the timesheet of the week: $(cat "$WORLD/$1.sheet")"
    for format in "${FORMATS[@]}"; do
        [ "$(b2sum -l 256 "$SHEETS/anna@example.com/timesheet-2026-0001-r1.$format" | cut -d' ' -f1)" = \
            "$(sql "SELECT lower(hex(file_hash)) FROM timesheet_documents WHERE format = '$format'")" ] || fail "the $format is another one"
    done
    cmp <(cd "$SHEETS" && find . -type f | sort) <(printf './anna@example.com/timesheet-2026-0001-r1.%s\n' "${FORMATS[@]}" | sort) ||
        fail "other files lie beside the documents"
}

# ---- the daemon, at every sync ----

# The run from database $1 disturbed at sync $2.  Returns 1 when it came to its end before.
disturb() {
    start_over "$1"
    dies_at "$2" is_over || return 1
    recover "$1" "after a crash at sync $2, $1"
    compare "$1" run "after a crash at sync $2, $1"
}

points=0
every_point() { # NAME
    local sign n
    undisturbed "$1"
    for sign in '' '-'; do
        n=1
        while disturb "$1" "$sign$n"; do
            n=$((n + 1))
            points=$((points + 1))
            [ "$n" -lt 100 ] || fail "the daemon never comes to its end"
        done
    done
}

use_formats csv xlsx html json # the PDF takes most of the time, and what follows has it
every_point bare
use_formats csv xlsx pdf html json
every_point archived

# ---- what makes the documents ----

# A daemon of its own, beside which stands a program that does $1 the first time and makes the documents from then on.
mkdir "$WORLD/bin"
cp "$AA_BIN/admin-assistantd" "$WORLD/bin/"
first_renderer() { # SHELL-TEXT
    rm -rf "$WORLD/was_started"
    printf '#!/bin/sh\nif mkdir "%s" 2>/dev/null; then\n%s\nfi\nexec "%s" "$@"\n' "$WORLD/was_started" "$1" \
        "$AA_BIN/admin-assistant-render" >"$WORLD/bin/admin-assistant-render"
    chmod +x "$WORLD/bin/admin-assistant-render"
}

# With that program, until the condition holds.
daemon_beside() { # CONDITION…
    start_over archived
    "$WORLD/bin/admin-assistantd" --config "$WORLD/aa.conf" >>"$WORLD/daemon.log" 2>&1 &
    DAEMON_PID=$!
    wait_for 30 "what becomes of the daemon" "$@"
}
daemon_is_dead() { ! kill -0 "$DAEMON_PID"; }
daemon_was_killed() {
    local status=0
    { wait "$DAEMON_PID" || status=$?; } 2>/dev/null
    DAEMON_PID=
    [ "$status" -eq 137 ] || fail "the daemon ended with status $status"
}
preloaded="LD_PRELOAD='$KILL_LIB' ASAN_OPTIONS=verify_asan_link_order=0 exec '$AA_BIN/admin-assistant-render' \"\$@\""
kills=0

for at in -1 3 -9; do # two syncs a document: the file before it has its name, and then the name
    first_renderer "KILL_AT=$at $preloaded"
    daemon_beside is_over
    grep -q 'admin-assistant-render was ended by signal 9' "$WORLD/daemon.log" || fail "nothing is said of the kill at $at"
    [ "$(sql "SELECT count(*) FROM timesheet_documents WHERE state = 'made'")" -lt ${#FORMATS[@]} ] || fail "all is made before $at"
    find "$SHEETS" -name '.*.part' | grep -q . || [ "$at" = 3 ] || fail "there was nothing unfinished when it was killed at $at"
    daemon_stop
    recover archived "after the program was killed at its sync $at"
    kills=$((kills + 1))
done

for at in -1 4 -9 10; do
    first_renderer "KILL_PARENT=1 KILL_AT=$at $preloaded"
    daemon_beside daemon_is_dead
    daemon_was_killed
    recover archived "after the daemon was killed at sync $at of the program"
    compare archived run "after the daemon was killed at sync $at of the program"
    kills=$((kills + 1))
done

# It begins its work when another daemon has had it all done.
mkfifo "$WORLD/go_on"
first_renderer "kill -KILL \$PPID; read -r word <'$WORLD/go_on'"
daemon_beside daemon_is_dead
daemon_was_killed
go_on() { echo now >"$WORLD/go_on"; }
recover archived "before a program of the time before the crash" go_on
compare archived run "before a program of the time before the crash"
kills=$((kills + 1))

[ "$points" -ge 40 ] || fail "only $points crash points were met"
printf 'killed at %d points, and %d times while documents were made: one timesheet, the same bytes each time\n' "$points" "$kills"
