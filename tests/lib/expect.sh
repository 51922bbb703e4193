# What a command line test says about a command: its exit status, and what it printed.  Sourced after tests/lib/world.sh.

CHECKS=0

# Runs the command and expects its exit status, and each PATTERN (extended regular expression) in what it printed.
expect() { # STATUS [PATTERN…] -- COMMAND…
    local want=$1 patterns=() status=0 pattern
    shift
    while [ "$1" != "--" ]; do patterns+=("$1"); shift; done
    shift
    OUT=$("$@" 2>&1 </dev/null) || status=$?
    [ "$status" -eq "$want" ] || fail "exit status $status instead of $want from: $*
$OUT"
    for pattern in ${patterns[@]+"${patterns[@]}"}; do
        grep -Eq -e "$pattern" <<<"$OUT" || fail "no \"$pattern\" from: $*
$OUT"
    done
    CHECKS=$((CHECKS + 1))
}

refuse() { # PATTERN: not in the output of the last command
    if grep -Eq -e "$1" <<<"$OUT"; then fail "\"$1\" in: $OUT"; fi
}

is_json() { # of the last command, without what went to stderr
    printf '%s' "$OUT" >"$WORLD/out.json"
    [ "$(sqlite3 :memory: "SELECT json_valid(cast(readfile('$WORLD/out.json') AS TEXT))")" = 1 ] || fail "not JSON: $OUT"
}

# As somebody who may do less than the tests' user.
as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }

# A configuration of its own, which must exist before a server does.
write_conf() { # FILE LINE…
    local file=$1
    shift
    printf '%s\n' "$@" >"$file"
}
