# The timesheet's figures; sourced by bench/run.sh.  What is compared with is a bare loop of libxlsxwriter over as many cells,
# and the figures of the smaller year: time per line must not grow with the number of lines.
SHEET_APPOINTMENTS=${BENCH_SHEETS:-10000 100000}

sheets_tool() { "$SIM_BIN/bench_sheets" "$@" || fail "bench_sheets $1"; }

# What was meant, in milliseconds; null where nothing was.
sheet_limit() { # WHAT APPOINTMENTS
    case $1:$2 in
    lines:10000) echo 50 ;;
    lines:100000) echo 500 ;;
    documents:10000) echo 2500 ;;
    documents:100000) echo 25000 ;;
    *) echo null ;;
    esac
}

sheet_figure() { # FIGURE APPOINTMENTS LINES MEMBER VALUE LIMIT MORE
    printf '{"figure":"%s","appointments":%d,"lines":%d,"%s":%s,"reach":%s,"ok":%s%s}\n' "$1" "$2" "$3" "$4" "$5" "$6" \
        "$([ "$6" = null ] && echo null || meets "$5 <= $6")" "${7:-}"
}

bench_sheets() {
    local n lines made floor id limit per_line before_lines="" before_documents=""
    BASE=http://127.0.0.1:9 AUTHORITY=http://127.0.0.1:9
    for n in $SHEET_APPOINTMENTS; do
        rm -rf "$WORLD"/aa.db* "$WORLD/keys" "$WORLD/sheets"
        mkdir "$WORLD/sheets"
        config_write "[timesheet]" "directory = $WORLD/sheets"
        aa key generate >/dev/null
        sheets_tool fill "$WORLD/aa.db" "$WORLD/keys" "$n"
        lines=$(sheets_tool lines "$WORLD/aa.db" 20)
        id=$(sheets_tool issue "$WORLD/aa.db" "$WORLD/keys")
        made=$(sheets_tool run "$AA_BIN/admin-assistant-render" --config "$WORLD/aa.conf" --sheet "$id" --formats "${BENCH_FORMATS:-csv xlsx pdf}")
        floor=$(sheets_tool floor "$WORLD/floor.xlsx" "$(member "$lines" lines)")
        per_line=$(calc "$(member "$lines" read_and_compose_ms) * 1000 / $n")
        sheet_figure sheet_lines "$n" "$(member "$lines" lines)" ms "$(member "$lines" read_and_compose_ms)" \
            "$(sheet_limit lines "$n")" \
            ",\"conflicts\":$(member "$lines" conflicts),\"compose_ms\":$(member "$lines" compose_ms),\"us_each\":$per_line,\"us_each_before\":${before_lines:-null}"
        before_lines=$per_line
        per_line=$(calc "$(member "$made" ms) * 1000 / $n")
        sheet_figure sheet_documents "$n" "$(member "$lines" lines)" ms "$(member "$made" ms)" \
            "$(sheet_limit documents "$n")" \
            ",\"xlsx_floor_ms\":$(member "$floor" ms),\"us_each\":$per_line,\"us_each_before\":${before_documents:-null}"
        before_documents=$per_line
        sheet_figure sheet_memory "$n" "$(member "$lines" lines)" peak_mb "$(member "$made" peak_mb)" 200
        rm -f "$WORLD/floor.xlsx"
    done
}
