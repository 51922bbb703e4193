# A throw-away installation for shell tests and the demo: configuration, key, database, stand-in server, daemon.
# Sourced; AA_BIN holds admin-assistant(d), SIM_BIN graphsim.  Everything lives in $WORLD and ends with the script.
set -euo pipefail

WORLD=$(mktemp -d "${TMPDIR:-/tmp}/admin-assistant.XXXXXX")
DAEMON_PID=
SIM_PID=
MORE_PIDS= # what a test started besides, to be ended with it

fail() { printf 'FAILED: %s\n' "$*" >&2; [ -e "$WORLD/daemon.log" ] && tail -n 30 "$WORLD/daemon.log" >&2; exit 1; }

# Waits for a condition, at most SECONDS; polls because the thing waited for is another process.
wait_for() { # SECONDS WHAT COMMAND…
    local limit=$(($1 * 20)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        limit=$((limit - 1))
        [ "$limit" -gt 0 ] || fail "waited in vain for $what"
        sleep 0.05
    done
}

world_end() {
    local status=$?
    [ -z "$DAEMON_PID" ] || kill -KILL "$DAEMON_PID" 2>/dev/null || true
    [ -z "$SIM_PID" ] || kill -KILL "$SIM_PID" 2>/dev/null || true
    [ -z "$MORE_PIDS" ] || kill -KILL $MORE_PIDS 2>/dev/null || true
    wait 2>/dev/null || true
    [ -n "${KEEP_WORLD:-}" ] || rm -rf "$WORLD"
    exit "$status"
}
trap world_end EXIT

aa() { "$AA_BIN/admin-assistant" --config "$WORLD/aa.conf" "$@"; }
sql() { sqlite3 -batch -noheader "file:$WORLD/aa.db?mode=ro" "$@"; }

# Starts the stand-in server; its options follow.  BASE and AUTHORITY are its addresses.
sim_start() {
    rm -f "$WORLD/port"
    "$SIM_BIN/graphsim" --die-with-parent --port-file "$WORLD/port" "$@" >"$WORLD/sim.log" 2>&1 &
    SIM_PID=$!
    wait_for 30 "the stand-in server" test -s "$WORLD/port"
    local scheme=http
    case " $* " in *" --tls "*) scheme=https ;; esac
    AUTHORITY="$scheme://127.0.0.1:$(cat "$WORLD/port")"
    BASE="$AUTHORITY/v1.0"
}

sim_stop() {
    kill -TERM "$SIM_PID" 2>/dev/null || true
    wait "$SIM_PID" 2>/dev/null || true
    SIM_PID=
}

sim_post() { curl -sS --fail ${CA:+--cacert "$CA"} -d "$2" "$AUTHORITY/_sim/$1" >/dev/null; }
sim_get() { curl -sS --fail ${CA:+--cacert "$CA"} "$AUTHORITY/_sim/$1"; }

# Configuration for the server started before; more lines for it follow as arguments.
config_write() {
    cat >"$WORLD/aa.conf" <<CONF
[database]
url = sqlite:$WORLD/aa.db
[keys]
directory = $WORLD/keys
[graph]
base_url = $BASE
authority = $AUTHORITY
client_id = 00000000-0000-0000-0000-00000000c1d0
${CA:+ca_file = $CA}
$(printf '%s\n' "$@")
CONF
}

daemon_start() {
    : >"$WORLD/daemon.log"
    "$AA_BIN/admin-assistantd" --config "$WORLD/aa.conf" "$@" >>"$WORLD/daemon.log" 2>&1 &
    DAEMON_PID=$!
    wait_for 30 "the start of the daemon" grep -q ' started, ' "$WORLD/daemon.log"
}

# Ends the daemon by SIGTERM; fails unless it exits with 0.
daemon_stop() {
    local status=0
    kill -TERM "$DAEMON_PID"
    wait "$DAEMON_PID" || status=$?
    DAEMON_PID=
    [ "$status" -eq 0 ] || fail "the daemon ended with status $status"
}

# kill -9: whatever was going on.
daemon_kill() {
    kill -KILL "$DAEMON_PID"
    wait "$DAEMON_PID" 2>/dev/null || true
    DAEMON_PID=
}

# Asks for job $1 by the signal, as an owner would.
trigger() { /bin/kill -q "$1" -s USR1 "$DAEMON_PID"; }

runs_done() { [ "$(sql "SELECT count(*) FROM job_runs WHERE state = 'done'")" -ge "$1" ]; }
run_field() { sql "SELECT $2 FROM job_runs WHERE id = $1"; }
sql_write() { sqlite3 -batch "$WORLD/aa.db" ".timeout 5000" "$@"; }

# Anna with her sign-in and archive configuration 1 "Work", in a configuration that is written; says nothing.
anna_set_up() {
    {
        aa key generate
        aa db upgrade
        aa user add anna@example.com --username anna
        (umask 077 && echo demo-refresh-token >"$WORLD/token")
        aa login anna --refresh-token-file "$WORLD/token"
        aa archive-config add anna --name Work --source "msgraph://anna@example.com/calendars/primary" \
            --destination "local://anna/calendars/archive" --timezone Europe/Berlin
    } >"$WORLD/set-up.log" 2>&1 || fail "$(cat "$WORLD/set-up.log")"
}
