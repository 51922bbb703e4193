#!/usr/bin/env bash
# The measurements behind ./dev bench: one JSON line per figure, each with what it is compared with, measured in the same run.
# usage: run.sh BUILD-DIR TOOLS-DIR [archive|users|schedule|sheets]…   (default: all)
set -euo pipefail
cd "$(dirname "$0")/.."
AA_BIN=$1/bin
SIM_BIN=$2/bin
shift 2
. tests/lib/world.sh
. bench/schedule.sh
. bench/sheets.sh
command -v sqlite3 >/dev/null || fail "sqlite3 is missing"
NAMES=${*:-archive users schedule sheets}
EVENTS=${BENCH_EVENTS:-1000 10000 100000}

calc() { awk "BEGIN { printf \"%.4g\", $* }"; }
meets() { awk "BEGIN { print ($*) ? \"true\" : \"false\" }"; }

fresh() { # a database with $1 users, all signed in
    rm -rf "$WORLD"/aa.db* "$WORLD/keys"
    config_write "$2"
    aa key generate >/dev/null
    aa db upgrade >/dev/null
    local i
    for ((i = 0; i < $1; i++)); do
        printf 'bench-refresh-%d\n' "$i" >"$WORLD/token"
        chmod 600 "$WORLD/token"
        aa user add "u$i@bench.example" --username "u$i" >/dev/null
        aa login "u$i" --refresh-token-file "$WORLD/token" >/dev/null
        aa archive-config add "u$i" --name bench --source "msgraph://u$i@bench.example/calendars/primary" \
            --destination "local://u$i/calendars/archive" --timezone Europe/Berlin >/dev/null
        aa job add $((i + 1)) --type calendar_archive --schedule manual >/dev/null
    done
}

# Milliseconds from the first start to the last end of the runs in the SQL condition $1.
elapsed_ms() {
    sql "SELECT cast(round((julianday(max(finished_at)) - julianday(min(started_at))) * 86400000) AS INTEGER) FROM job_runs WHERE $1"
}

# Peak resident memory of the daemon in MB, and its loop figures from the status it logs.
peak_mb() { awk '/^VmHWM/ { printf "%.1f", $2 / 1024 }' "/proc/$DAEMON_PID/status"; }
loop_figures() {
    kill -USR2 "$DAEMON_PID"
    wait_for 10 "the status" grep -q 'longest turn of the loop' "$WORLD/daemon.log"
    sed -n 's/.*longest turn of the loop \([0-9.]*\) ms, p99.9 \([0-9.]*\) ms.*/\1 \2/p' "$WORLD/daemon.log" | tail -n 1
}

run_window() { aa job run "$1" --from 2025-01-01 --to 2025-12-31 >/dev/null || fail "the run was not queued"; }

bench_archive() {
    local n
    for n in $EVENTS; do
        sim_start --generate "1:$n:2500:2025-01-01:364"
        fresh 1 "max_requests = 64"
        daemon_start
        run_window 1
        wait_for 600 "the first run" runs_done 1
        run_window 1
        wait_for 600 "the second run" runs_done 2
        local first second mb loop floor floor_ms
        [ "$(sql "SELECT count(*) FROM appointments")" -eq "$n" ] || fail "not all of $n events are archived"
        first=$(elapsed_ms "id = 1")
        second=$(elapsed_ms "id = 2")
        mb=$(peak_mb)
        loop=$(loop_figures)
        daemon_stop
        curl -sS --fail -d "grant_type=refresh_token&client_id=x&refresh_token=bench-refresh-0" \
            "$AUTHORITY/organizations/oauth2/v2.0/token" | sed 's/.*"access_token":"\([^"]*\)".*/\1/' >"$WORLD/bearer"
        floor=$("$SIM_BIN/bench_floor" "$BASE/users/u0@bench.example/calendar/calendarView?startDateTime=2024-12-31T00:00:00Z&endDateTime=2026-01-02T00:00:00Z&\$top=1000&\$orderby=start/dateTime" \
            "$WORLD/floor.db" <"$WORLD/bearer")
        rm -f "$WORLD"/floor.db*
        floor_ms=$(printf '%s' "$floor" | sed 's/.*"seconds":\([0-9.]*\).*/\1/' | awk '{ print $1 * 1000 }')
        [ "$(printf '%s' "$floor" | sed 's/.*"events":\([0-9]*\).*/\1/')" -eq "$n" ] || fail "the floor read $floor"
        local rate floor_rate ratio
        rate=$(calc "$n * 1000 / $first")
        floor_rate=$(calc "$n * 1000 / $floor_ms")
        ratio=$(calc "$floor_ms / $first")
        printf '{"figure":"archive","events":%d,"events_per_s":%s,"floor_events_per_s":%s,"ratio":%s,"reach":0.6,"ok":%s}\n' \
            "$n" "$rate" "$floor_rate" "$ratio" "$([ "$n" -lt 10000 ] && echo null || meets "$ratio >= 0.6")"
        printf '{"figure":"second_run","events":%d,"events_per_s":%s,"first_events_per_s":%s,"ratio":%s,"reach":1.5,"rows_written":%s,"ok":%s}\n' \
            "$n" "$(calc "$n * 1000 / $second")" "$rate" "$(calc "$first / $second")" \
            "$(sql "SELECT json_extract(counts, '\$.inserted') + json_extract(counts, '\$.changed') + json_extract(counts, '\$.vanished') FROM job_runs WHERE id = 2")" \
            "$(meets "$first / $second >= 1.5")"
        printf '{"figure":"peak_memory","events":%d,"mb":%s,"reach":48,"ok":%s}\n' "$n" "$mb" \
            "$([ "$n" -lt 100000 ] && echo null || meets "$mb <= 48")"
        printf '{"figure":"loop_blocked","events":%d,"longest_ms":%s,"p999_ms":%s,"reach":10,"ok":%s}\n' "$n" \
            "${loop% *}" "${loop#* }" "$(meets "${loop#* } <= 10")"
        sim_stop
    done
}

# 200 users at once, three pages each, 200 ms an answer; the latency alone takes three answers after the other.
bench_users() {
    local users=200 loop ms requests
    for requests in 256 128 64; do
        sim_start --generate "$users:30:2500:2025-01-01:364"
        fresh $users "max_requests = $requests"
        daemon_start
        sim_post load '{"max_page":10}'
        sim_post latency 200
        # In one transaction: the daemon notices it by itself and begins at once.
        sql_write "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $users)
            INSERT INTO job_runs (user_id, job_id, slot_at, run_trigger, state, from_date, to_date, correlation_id, created_at)
            SELECT i, i, '2026-01-01 00:00:00.000000', 'request', 'queued', '2025-01-01', '2026-01-01', 'bench-' || i,
                '2026-01-01 00:00:00.000000' FROM n"
        sleep 1.5 # looking on takes a core from what is measured
        wait_for 120 "200 runs" runs_done $users
        ms=$(elapsed_ms "1")
        loop=$(loop_figures)
        local ideal=600
        [ "$requests" -ge "$users" ] || ideal=$(((users * 3 + requests - 1) / requests * 200))
        printf '{"figure":"users_at_once","users":%d,"max_requests":%d,"pages_each":3,"latency_ms":200,"ms":%d,"latency_alone_ms":%d,"ratio":%s,"reach":1.5,"ok":%s}\n' \
            $users "$requests" "$ms" "$ideal" "$(calc "$ms / $ideal")" "$(meets "$ms <= 1.5 * $ideal")"
        printf '{"figure":"loop_blocked","users":%d,"longest_ms":%s,"p999_ms":%s,"reach":10,"ok":%s}\n' $users \
            "${loop% *}" "${loop#* }" "$(meets "${loop#* } <= 10")"
        daemon_stop
        sim_stop
    done
}

for name in $NAMES; do
    case $name in
    archive | users | schedule | sheets) "bench_$name" ;;
    *) fail "unknown measurement \"$name\" (archive, users, schedule, sheets)" ;;
    esac
done
