# The daemon killed at a sync.  Sourced after world.sh; env: KILL_LIB.

gone_or() { ! kill -0 "$DAEMON_PID" 2>/dev/null || "$@"; }

# True where it died at sync N (-N: after it); false where COMMAND came true before, and it has ended.
dies_at() { # N COMMAND…
    local died=0
    KILL_AT=$1 LD_PRELOAD=$KILL_LIB ASAN_OPTIONS=verify_asan_link_order=0 \
        "$AA_BIN/admin-assistantd" --config "$WORLD/aa.conf" >>"$WORLD/daemon.log" 2>&1 &
    DAEMON_PID=$!
    wait_for 30 "death or success" gone_or "${@:2}"
    kill -TERM "$DAEMON_PID" 2>/dev/null || true # it may also die while it stops
    { wait "$DAEMON_PID" || died=1; } 2>/dev/null
    DAEMON_PID=
    [ "$died" -eq 1 ]
}
