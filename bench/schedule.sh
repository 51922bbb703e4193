# The scheduler's figures; sourced by bench/run.sh.  What is compared with is apscheduler_jobs.py, in the same run.
SCHEDULE_JOBS=${BENCH_JOBS:-100000 1000000}
PEER_JOBS=${BENCH_PEER_JOBS:-10000 100000}
PEER_SQLITE_JOBS=${BENCH_PEER_SQLITE_JOBS:-10000} # with 100,000 its loading alone takes ten minutes
SCHEDULE_USERS=500
SCHEDULE_CACHE=build/bench

# Members of flat JSON objects, merged; and one of them.
json() { sqlite3 :memory: "SELECT json_patch('$1', '$2')"; }
member() { sqlite3 :memory: "SELECT json_extract('$1', '\$.$2')"; }
# The value of member $1 in the line of $WORLD/starts at the share $2 of the sorted values.
column() {
    sed "s/.*\"$1\":\([0-9.]*\).*/\1/" "$WORLD/starts" | sort -n |
        awk -v share="$2" '{ v[NR] = $1 } END { i = int(NR * share + 0.999); print v[i] }'
}
# The members of the object $2 with $1 before each name.
prefixed() { sqlite3 :memory: "SELECT json_group_object('$1' || key, value) FROM json_each('$2')"; }

# Runs in the shell itself and not in $(…), so that what it starts ends with it.  The figures are in RESULT.
measure() { # WHAT [ARG…]
    local what=$1
    shift
    "$SIM_BIN/bench_schedule" "$what" "$AA_BIN/admin-assistantd" "$WORLD/aa.conf" "$WORLD/daemon.log" "$@" \
        >"$WORLD/result" || fail "bench_schedule $what"
    RESULT=$(cat "$WORLD/result")
}
peer() { # load|run STORE JOBS; the same
    /usr/bin/python3 bench/apscheduler_jobs.py "$1" "$2" "$WORLD/peer.db" "$3" 1000 >"$WORLD/result" ||
        fail "apscheduler_jobs.py $*"
    RESULT=$(cat "$WORLD/result")
}

users_of() { echo $(($1 < SCHEDULE_USERS ? $1 : SCHEDULE_USERS)); }

# A database with $1 jobs in the state $2 (planned or new).  A million rows take a while, so it is kept for the next
# run while it fits: same schema, and no job has come due since.
jobs_database() {
    local kept
    kept=$SCHEDULE_CACHE/$(cat migrations/sqlite/*.sql bench/jobs.c | sha256sum | cut -c 1-12)-$1-$2.db
    mkdir -p "$SCHEDULE_CACHE"
    if [ -z "$(find "$kept" -mmin -300 2>/dev/null)" ]; then
        rm -f "$SCHEDULE_CACHE"/*-"$1-$2".db*
        "$SIM_BIN/bench_jobs" "$kept.new" "$SCHEDULE_CACHE/keys" "$1" "$(users_of "$1")" "$2"
        mv "$kept.new" "$kept"
    fi
    rm -f "$WORLD"/aa.db*
    cp --reflink=auto "$kept" "$WORLD/aa.db"
}

# A database with $1 jobs, $2 of them due at the next full minute that leaves time to start.
due_database() {
    rm -f "$WORLD"/aa.db*
    "$SIM_BIN/bench_jobs" "$WORLD/aa.db" "$WORLD/keys" "$1" "$(users_of "$1")" planned "$2" \
        $((($(date +%s) + 20 + $1 / 20000 + 60) / 60 * 60))
}

# What the first start with a database does once (it compares the zones, say) is not part of an ordinary start.
first_start() { measure idle 0; }

schedule_start() {
    local n reach i
    for n in $SCHEDULE_JOBS; do
        reach=$((n > 100000 ? 500 : 300))
        jobs_database "$n" planned
        first_start
        measure start 5
        json '{"figure":"start_to_ready","jobs":'"$n"',"state":"planned"}' "$(json "$RESULT" \
            '{"reach_ms":'$reach',"ok":'"$(meets "$(member "$RESULT" worst_ms) <= $reach")"'}')"
        : >"$WORLD/starts"
        for ((i = 0; i < (n > 100000 ? 1 : 5); i++)); do # planning a million takes a while
            jobs_database "$n" new
            measure first "$WORLD/aa.db" 600
            printf '%s\n' "$RESULT" >>"$WORLD/starts"
        done
        printf '{"figure":"start_to_ready","jobs":%d,"state":"new","starts":%d,"median_ms":%s,"worst_ms":%s,"all_planned_ms":%s}\n' \
            "$n" "$i" "$(column ready_ms 0.5)" "$(column ready_ms 1)" "$(column planned_ms 0.5)"
    done
}

schedule_idle() {
    local n reach
    for n in 1 1000000; do
        reach=$((n > 1 ? 12 : 8))
        jobs_database $n planned
        first_start
        measure idle 60
        json '{"figure":"idle","jobs":'$n'}' "$(json "$RESULT" '{"reach_mb":'$reach',"ok":'"$(meets \
            "$(member "$RESULT" reloaded_rss_mb) <= $reach && $(member "$RESULT" wakeups) == 0")"'}')"
    done
}

schedule_due() {
    local n=10000
    due_database $n $n
    measure due "$WORLD/aa.db" $n
    json '{"figure":"claim_lag","jobs":'$n',"due":'$n'}' "$(json "$RESULT" \
        '{"reach_p50_ms":150,"reach_p99_ms":1000,"ok":'"$(meets "$(member "$RESULT" p50_ms) <= 150 && \
            $(member "$RESULT" p99_ms) <= 1000 && $(member "$RESULT" jobs_run_once) == $n && \
            $(member "$RESULT" successes) == $n")"'}')"
}

schedule_signals() {
    jobs_database 10000 planned
    measure signals "$WORLD/aa.db" 200
    json '{"figure":"signal_to_row"}' "$(json "$RESULT" \
        '{"reach_p99_ms":20,"ok":'"$(meets "$(member "$RESULT" p99_ms) <= 20 && $(member "$RESULT" successes) == 200")"'}')"
}

# Both columns: ours without a prefix, APScheduler's with "peer_".  Its start with the store in memory is its loading; the
# store on the disk is loaded once and started again, as ours is.
schedule_peer() {
    local n ours store load
    for n in $PEER_JOBS; do
        due_database "$n" 1000
        measure due "$WORLD/aa.db" 1000
        ours=$RESULT
        for store in memory sqlite; do
            [ $store = memory ] || [[ " $PEER_SQLITE_JOBS " == *" $n "* ]] || continue
            rm -f "$WORLD"/peer.db*
            load=null
            if [ $store = sqlite ]; then
                peer load $store "$n"
                load=$(member "$RESULT" start_ms)
            fi
            peer run $store "$n"
            [ "$(member "$RESULT" ran)" -eq 1000 ] || fail "APScheduler: $RESULT"
            json '{"figure":"against_apscheduler","jobs":'"$n"',"due":1000,"peer_store":"'$store'","peer_load_ms":'"$load"'}' \
                "$(json "$ours" "$(prefixed peer_ "$RESULT")")"
        done
    done
}

bench_schedule() {
    sim_start --generate "$SCHEDULE_USERS:1:200:2020-01-01:1" # long ago: every window is empty
    config_write
    if [ ! -d "$SCHEDULE_CACHE/keys" ]; then # the kept databases are sealed with these
        mkdir -p "$SCHEDULE_CACHE"
        sed "s|$WORLD/keys|$PWD/$SCHEDULE_CACHE/keys|" "$WORLD/aa.conf" >"$WORLD/keys.conf"
        "$AA_BIN/admin-assistant" --config "$WORLD/keys.conf" key generate >/dev/null
    fi
    cp -a "$SCHEDULE_CACHE/keys" "$WORLD/keys"
    local part
    for part in ${BENCH_SCHEDULE:-start idle due signals peer}; do
        "schedule_$part"
    done
    sim_stop
}
