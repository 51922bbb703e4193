# What the checks are written with.  Sourced by inside.sh, as root, in a booted systemd.

UNIT=admin-assistant.service
STATE=/var/lib/admin-assistant
CONF=/etc/admin-assistant/admin-assistant.conf
KEYS=/etc/admin-assistant/keys
DROP_INS=/etc/systemd/system/$UNIT.d
W=$(mktemp -d /tmp/aa-systemd.XXXXXX) # what one check leaves for another
N_CHECKS=0
N_FAILED=0

# check NAME COMMAND…: one line for how it went, and what it printed where it went wrong.  COMMAND may be a function; each
# of its lines must succeed.
check() {
    local name=$1
    shift
    (
        set -euo pipefail
        "$@"
    ) >"$W/output" 2>&1 </dev/null
    STATUS=$?
    N_CHECKS=$((N_CHECKS + 1))
    if [ "$STATUS" -eq 0 ]; then
        printf 'ok %d %s\n' "$N_CHECKS" "$name"
    else
        N_FAILED=$((N_FAILED + 1))
        printf 'not ok %d %s\n' "$N_CHECKS" "$name"
        tail -n 40 "$W/output" | sed 's/^/#   /'
    fi
}

# A check without which the others mean nothing.  Not `check || finish`: there the shell would pass over lines that fail.
must() {
    check "$@"
    [ "$STATUS" -eq 0 ] || finish
}

finish() {
    printf '%d checks, %d failed\n' "$N_CHECKS" "$N_FAILED"
    [ "$N_CHECKS" -gt 0 ] && [ "$N_FAILED" -eq 0 ]
    exit
}

# ---- what a check may ask for; each says what it found instead ----

same() { # WANTED GOT
    [ "$1" = "$2" ] || { printf 'wanted "%s", got "%s"\n' "$1" "$2"; return 1; }
}

has() { # TEXT PATTERN
    grep -Eq -e "$2" <<<"$1" || { printf 'no "%s" in:\n%s\n' "$2" "$1"; return 1; }
}

hasnt() { # TEXT PATTERN
    if grep -Eq -e "$2" <<<"$1"; then printf '"%s" in:\n%s\n' "$2" "$1"; return 1; fi
}

fails() { # [STATUS] COMMAND…
    local want=any status=0
    case $1 in [0-9]*) want=$1; shift ;; esac
    "$@" || status=$?
    [ "$status" -ne 0 ] || { printf 'succeeded: %s\n' "$*"; return 1; }
    [ "$want" = any ] || same "$want" "$status"
}

# Polls, because what is waited for is another process.
eventually() { # SECONDS COMMAND…
    local until=$((SECONDS + $1))
    shift
    until "$@" >"$W/polled" 2>&1; do
        [ "$SECONDS" -lt "$until" ] || { printf 'waited in vain for: %s\n' "$*"; cat "$W/polled"; return 1; }
        sleep 0.05
    done
}

# ---- the service ----

prop() { systemctl show -P "$1" "${2:-$UNIT}"; }
is_prop() { same "$2" "$(prop "$1" "${3:-$UNIT}")"; } # NAME VALUE [UNIT]
isnt_prop() { ! is_prop "$@" >/dev/null; }
status_has() { has "$(prop StatusText)" "$1"; }
main_pid() { prop MainPID; }
service_uid() { id -u admin-assistant; }
as_service() { setpriv --reuid=admin-assistant --regid=admin-assistant --clear-groups "$@"; }
aa() { admin-assistant "$@"; }

drop_in() { # NAME, its text on standard input
    mkdir -p "$DROP_INS"
    cat >"$DROP_INS/$1.conf"
    systemctl daemon-reload
}

no_drop_in() { # NAME
    rm -f "$DROP_INS/$1.conf"
    systemctl daemon-reload
}

# What the control group allows: $1 in version 2, $2 of controller $3 in version 1.
group_limit() {
    local group file
    group=$(prop ControlGroup)
    for file in "/sys/fs/cgroup$group/$1" "/sys/fs/cgroup/$3$group/$2"; do
        [ ! -e "$file" ] || { cat "$file"; return 0; }
    done
    echo "no $1 and no $2 for $group"
    return 1
}

# ---- the database ----

sql() { sqlite3 -batch -noheader -cmd '.timeout 5000' "$STATE/admin-assistant.db" "$@"; }
newest_run() { sql 'SELECT coalesce(max(id), 0) FROM job_runs'; }
ended_after() { # RUN N: N runs that are newer than RUN have ended
    local n
    n=$(sql "SELECT count(*) FROM job_runs WHERE id > $1 AND state = 'done'")
    [ "$n" -ge "$2" ]
}
run_is() { same "$2" "$(sql "SELECT state || ' ' || outcome FROM job_runs WHERE id = $1")"; } # RUN "STATE OUTCOME"

# Asks for job $1 as an owner does, and leaves its run in $W/run.
run_job() {
    local before
    before=$(newest_run)
    /bin/kill -q "$1" -s USR1 "$(main_pid)"
    eventually 30 ended_after "$before" 1
    sql "SELECT max(id) FROM job_runs WHERE job_id = $1" >"$W/run"
}
last_run() { cat "$W/run"; }

# ---- the journal ----

mark() { date +@%s.%6N >"$W/mark"; } # from here on; --after-cursor would lose the first line that matches
since_mark() { # JOURNALCTL-ARGUMENT…
    journalctl --sync
    journalctl -q --since="$(cat "$W/mark")" "$@"
}
n_since_mark() { since_mark -o json "$@" | wc -l; }
has_lines() { same "$1" "$(n_since_mark -u $UNIT "${@:2}")"; } # N MATCH…
message_id() { sed -nE "s/^#define MESSAGE_$1 +\"(.*)\"/\\1/p" "$AA_SOURCE/daemon/messages.h" | head -n 1; }

# ---- the stand-in server ----

sim() { curl -sS --fail -d "$2" "http://127.0.0.1:$(cat "$W/port")/_sim/$1" >/dev/null; }
sim_log() { curl -sS --fail "http://127.0.0.1:$(cat "$W/port")/_sim/log"; }
