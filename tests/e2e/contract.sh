#!/usr/bin/env bash
# Whether the stand-in server's answers and our client's requests are what Microsoft's description of the API says:
# Stoplight Prism stands between the two as a proxy and validates both directions.  Skips (77) without node, without
# Prism (fetched once from npm into AA_CACHE) or without the description.
# AA_BIN holds admin-assistant(d) and, unless SIM_BIN says otherwise, graphsim.
set -euo pipefail
cd "$(dirname "$0")/../.."

PRISM_VERSION=5.14.2
DESCRIPTION=../shared/graph-openapi.json
AA_CACHE=${AA_CACHE:-$PWD/build/cache/npm}
PRISM_HOME=$AA_CACHE/prism-$PRISM_VERSION
PRISM_PID=

skip() { printf 'SKIPPED: %s\n' "$*"; exit 77; }

# Whole or not at all, and once for builds that test at the same time.
prism_install() {
    mkdir -p "$AA_CACHE"
    exec 9>"$AA_CACHE/lock"
    flock -w 240 9 || skip "another test has been fetching Prism for four minutes"
    if [ ! -d "$PRISM_HOME" ]; then
        rm -rf "$AA_CACHE/new"
        timeout 200 npm install --no-audit --no-fund --no-update-notifier --ignore-scripts --fetch-retries=0 \
            --loglevel=error --prefix "$AA_CACHE/new" "@stoplight/prism-cli@$PRISM_VERSION" \
            >"$AA_CACHE/install.log" 2>&1 || skip "npm can not fetch Prism $PRISM_VERSION, see $AA_CACHE/install.log"
        mv "$AA_CACHE/new" "$PRISM_HOME"
    fi
    exec 9>&-
}

[ -r "$DESCRIPTION" ] || skip "there is no $DESCRIPTION"
command -v node >/dev/null || skip "node is not installed"
command -v npm >/dev/null || skip "npm is not installed"
NODE_MAJOR=$(node -p 'process.versions.node.split(".")[0]')
[ "$NODE_MAJOR" -ge 20 ] || skip "node $NODE_MAJOR is too old, 20 is needed"
prism_install

SIM_BIN=${SIM_BIN:-$AA_BIN}
. tests/lib/world.sh

contract_end() {
    local status=$?
    set +e
    [ -z "$PRISM_PID" ] || kill -KILL "$PRISM_PID" 2>/dev/null
    return "$status"
}
trap 'contract_end; world_end' EXIT

# In front of the server at BASE, on a port of the kernel's choice; PRISM is its address.
prism_start() {
    NO_COLOR=1 setpriv --pdeathsig KILL node "$PRISM_HOME/node_modules/@stoplight/prism-cli/dist/index.js" proxy \
        -h 127.0.0.1 -p 0 "$DESCRIPTION" "$BASE" >"$WORLD/prism.log" 2>&1 &
    PRISM_PID=$!
    wait_for 60 "Prism" grep -q 'is listening on' "$WORLD/prism.log"
    PRISM=$(sed -n 's/.*is listening on \(http:[^ ]*\).*/\1/p' "$WORLD/prism.log")
}

# ---- asking ----

CHECKS=0
ANSWERS=$WORLD/answers
: >"$ANSWERS"

# As our client asks (graph/client.c), with TOKEN where it is not empty.
TOKEN=contract-anna
PREFER='IdType="ImmutableId", outlook.timezone="UTC"'

# Sets STATUS and VIOLATIONS; the body is in $WORLD/body.
ask() { # PATH [CURL-OPTION…]
    local path=$1
    shift
    STATUS=$(curl -sS -g -m 20 -D "$WORLD/headers" -o "$WORLD/body" -w '%{http_code}' -H 'Accept: application/json' \
        ${TOKEN:+-H "Authorization: Bearer $TOKEN"} -H "Prefer: $PREFER" "$@" "$PRISM$path") ||
        fail "no answer to $path"
    VIOLATIONS=$(tr -d '\r' <"$WORLD/headers" | sed -n 's/^sl-violations: //Ip')
    CHECKS=$((CHECKS + 1))
}

# The answer has that status; neither it nor the request breaks the description.
keeps() { # STATUS PATH [CURL-OPTION…]
    local want=$1
    shift
    ask "$@"
    [ "$STATUS" = "$want" ] || fail "status $STATUS instead of $want from $1: $(head -c 300 "$WORLD/body")"
    [ -z "$VIOLATIONS" ] || fail "$1 breaks the description: $VIOLATIONS"
    printf '{"path":"%s","status":%s,"body":%s}\n' "${1%%\?*}" "$STATUS" "$(cat "$WORLD/body")" >>"$ANSWERS"
}

# A request that breaks it is told as such, and our server answers with the status; its answer keeps it.
refuses() { # STATUS PATTERN PATH [CURL-OPTION…]
    local want=$1 pattern=$2
    shift 2
    ask "$@"
    [ "$STATUS" = "$want" ] || fail "status $STATUS instead of $want from $1: $(head -c 300 "$WORLD/body")"
    grep -q -e "$pattern" <<<"$VIOLATIONS" || fail "Prism did not find \"$pattern\" in $1: ${VIOLATIONS:-nothing}"
    if grep -q '"location":\["response' <<<"$VIOLATIONS"; then fail "the answer to $1 breaks it too: $VIOLATIONS"; fi
}

# Prism passes over a schema that it can not compile without a word: so each resource is also answered wrongly, once.
bites() { # STATUS BODY PATH
    sim_post fault "{\"match\":\"\",\"times\":1,\"action\":{\"status\":$1,\"body\":$2}}"
    ask "$3"
    [ "$STATUS" = "$1" ] || fail "status $STATUS instead of the scripted $1 from $3"
    grep -q '"location":\["response' <<<"$VIOLATIONS" || fail "Prism found nothing wrong with $2 as the answer to $3"
}

# All pages from PATH on, by the links as they come; PAGES is how many there were.
walks() { # PATH
    local path=$1 link
    PAGES=0
    while [ -n "$path" ]; do
        keeps 200 "$path"
        PAGES=$((PAGES + 1))
        [ "$PAGES" -lt 200 ] || fail "$1 has no end"
        link=$(grep -o '"@odata.nextLink":"[^"]*"' "$WORLD/body" | cut -d'"' -f4 || true)
        path=${link#"$PRISM"}
        [ -z "$link" ] || [ "$path" != "$link" ] || fail "the next page of $1 is elsewhere: $link"
    done
}

# The id of the first event of a type in the last answer.
id_of() { # TYPE
    grep -o '"id":"[^"]*"[^}]*"type":"[A-Za-z]*"' "$WORLD/body" | sed -n "s/^\"id\":\"\([^\"]*\)\".*\"type\":\"$1\"\$/\1/p" |
        head -n 1
}

# ---- the server, asked as a client may ----

sim_start --data tests/graphsim/data --generate 1:60:2500:2026-03-01:28
prism_start
sim_post load '{"public_url": "'"$PRISM"'", "users": [
    {"upn": "anna@example.com", "access_token": "contract-anna"},
    {"upn": "u0@bench.example", "access_token": "contract-bench"},
    {"upn": "otto@example.com", "no_mailbox": true, "access_token": "contract-otto"}]}'

CALENDAR=AAMkAGVmMDEzAnnaCalendar0AAA=
WINDOW='startDateTime=2026-02-28T00:00:00Z&endDateTime=2026-04-02T00:00:00Z'
SORTED='$top=1000&$orderby=start/dateTime'

for user in /me /users/anna@example.com /users/6f1f7a52-3c1e-4b0e-9a55-0d2c3b7e4a11; do
    keeps 200 "$user"
    keeps 200 "$user/mailboxSettings"
    keeps 200 "$user/calendars"
    keeps 200 "$user/calendar"
    keeps 200 "$user/calendars/$CALENDAR"
    for view in calendarView calendar/calendarView "calendars/$CALENDAR/calendarView"; do
        keeps 200 "$user/$view?$WINDOW"
        keeps 200 "$user/$view?$WINDOW&$SORTED"
        keeps 200 "$user/$view?$WINDOW&\$top=3&\$skip=2&\$orderby=start/dateTime%20desc"
        keeps 200 "$user/$view?$WINDOW&\$select=id,subject,start,end,isAllDay,type"
    done
    for events in events calendar/events "calendars/$CALENDAR/events"; do
        keeps 200 "$user/$events?\$top=100"
    done
done

walks "/me/calendars?\$top=1"
[ "$PAGES" -eq 2 ] || fail "$PAGES pages of calendars"
walks "/me/calendarView?$WINDOW&\$top=7&\$orderby=start/dateTime"
[ "$PAGES" -gt 3 ] || fail "$PAGES pages of events"
walks "/users/anna%40example.com/calendars/AAMkAGVmMDEzAnnaClientWorkAAA%3D/calendarView?$WINDOW&\$top=2"
TOKEN=contract-bench walks "/me/calendarView?$WINDOW&\$top=25"

for prefer in 'outlook.timezone="W. Europe Standard Time"' 'outlook.timezone="Europe/Berlin", IdType="ImmutableId"' \
    'outlook.body-content-type="text"' 'odata.maxpagesize=20'; do
    PREFER=$prefer keeps 200 "/me/calendarView?$WINDOW&$SORTED"
done

keeps 200 "/me/calendarView?$WINDOW&$SORTED&\$select=id,type"
cp "$WORLD/body" "$WORLD/types"
for type in singleInstance occurrence exception seriesMaster; do
    if [ "$type" = seriesMaster ]; then keeps 200 '/me/events?$top=100&$select=id,type'; else cp "$WORLD/types" "$WORLD/body"; fi
    id=$(id_of "$type")
    [ -n "$id" ] || fail "the data has no event of type $type"
    keeps 200 "/me/events/$id"
    keeps 200 "/users/anna@example.com/calendar/events/$id"
    keeps 200 "/me/calendars/$CALENDAR/events/$id"
done

# ---- errors that a right request can get ----

keeps 400 "/me/calendarView?startDateTime=2020-01-01T00:00:00Z&endDateTime=2026-01-01T00:00:00Z"
keeps 400 "/me/calendarView?startDateTime=2026-02-01T00:00:00Z&endDateTime=2026-01-01T00:00:00Z"
keeps 400 "/me/calendarView?startDateTime=yesterday&endDateTime=today"
keeps 400 "/me/events/%21%21"
keeps 404 "/me/events/AAAAAAAAAAAA"
keeps 404 "/me/calendars/AAAAAAAAAAAA"
keeps 404 "/users/nobody@example.com"
keeps 404 "/users/nobody@example.com/calendarView?$WINDOW"
keeps 403 "/users/u0@bench.example/calendarView?$WINDOW"
TOKEN=nonsense keeps 401 /me/calendars
TOKEN=contract-otto keeps 404 "/me/calendarView?$WINDOW"
for status in 410 429 500 503 504; do
    sim_post fault '{"match": "calendarView", "times": 1, "action": {"status": '$status', "headers": {"Retry-After": "1"}}}'
    keeps $status "/me/calendarView?$WINDOW"
done

# ---- what Prism must notice ----

refuses 400 "required property 'startdatetime'" /me/calendarView
refuses 400 "required property 'enddatetime'" '/me/calendars/x/calendarView?startDateTime=2026-01-01T00:00:00Z'
refuses 400 'Selected route not found' /me/kalender
refuses 400 '"location":\["request"' "/me/calendarView?$WINDOW&\$top=many"
TOKEN='' refuses 401 '"code":401' /me/calendars

bites 200 '{"id": 7}' /me
bites 200 '{"timeZone": 7}' /me/mailboxSettings
bites 200 '{"value": [{"name": 7}]}' /users/anna@example.com/calendars
bites 200 '{"name": 7}' /me/calendar
bites 200 '{"name": 7}' "/users/anna@example.com/calendars/$CALENDAR"
bites 200 '{"value": [{"subject": 7}]}' "/me/calendars/$CALENDAR/events"
bites 200 '{"subject": 7}' /me/events/AAAAAAAAAAAA
bites 401 '{"error": {"code": 7, "message": "x"}}' /me
bites 404 '{"error": {"code": 7, "message": "x"}}' /me/calendars/x
bites 429 '{"error": {"code": 7, "message": "x"}}' "/me/calendarView?$WINDOW"
bites 503 '{"error": {"code": "x"}}' "/me/calendarView?$WINDOW"
for view in /me/calendarView /users/a/calendar/calendarView /users/a/calendars/x/calendarView; do
    bites 200 '{"value": {}}' "$view?$WINDOW"
done
for event in '"isAllDay": "no"' '"start": {"dateTime": 7, "timeZone": "UTC"}' '"body": {"contentType": "rtf"}' \
    '"showAs": "elsewhere"' '"sensitivity": "secret"' '"type": "single"' '"categories": "Acme"' \
    '"recurrence": {"pattern": {"type": "fortnightly"}}' '"recurrence": {"range": {"type": "never"}}' \
    '"recurrence": {"pattern": {"interval": "one"}}' '"attendees": [{"emailAddress": 7}]' \
    '"location": {"displayName": 7}' '"responseStatus": {"response": "perhaps"}' '"lastModifiedDateTime": "yesterday"'; do
    bites 200 "{\"value\": [{$event}]}" "/users/anna@example.com/calendars/x/calendarView?$WINDOW"
done

# ---- names, which Prism does not look at ----

NAMES=(node tests/e2e/contract_names.js "$DESCRIPTION")
"${NAMES[@]}" --answers "$ANSWERS" || fail "the server sends what the description does not know"
printf '%s\n' '{"path":"/me/events","status":200,"body":{"value":[{"start":{"datetime":"x"}}]}}' >"$WORLD/wrong"
if "${NAMES[@]}" --answers "$WORLD/wrong" >/dev/null; then fail "contract_names.js did not find the wrong member"; fi
printf '%s\n' '[{"method":"GET","raw":"/v1.0/me/calendarView?startDate=x"}]' >"$WORLD/wrong"
if "${NAMES[@]}" --requests "$WORLD/wrong" >/dev/null; then fail "contract_names.js did not find the wrong option"; fi

# ---- our client, through a whole archive run ----

# A request that says in Prism's log where a part begins or ends.  The log is written late but in order: once the mark is
# there, all before it is.
log_mark() {
    TOKEN=contract-bench keeps 404 "/me/calendars/contract-mark-$1"
    wait_for 10 "Prism's log" grep -q "contract-mark-$1 has returned" "$WORLD/prism.log"
}

# What our programs asked between the marks goes to $WORLD/part.log; Prism has no word against it.
log_is_clean() { # FROM TO
    sed -n "/contract-mark-$1 has returned/,/contract-mark-$2 .*received/p" "$WORLD/prism.log" |
        grep -v contract-mark >"$WORLD/part.log"
    if grep -q 'Violation' "$WORLD/part.log"; then fail "the description is broken in:
$(grep -B 5 'Violation' "$WORLD/part.log")"; fi
}

BASE=$PRISM
config_write
printf '%s\n' demo-refresh-token >"$WORLD/token"
chmod 600 "$WORLD/token"
{
    aa key generate
    aa db upgrade
    aa user add anna@example.com --username anna
    aa archive-config add anna --name Main --source "msgraph://anna@example.com/calendars/primary" \
        --destination "local://anna/calendars/archive" --timezone Europe/Berlin
    aa archive-config add anna --name Work --source "msgraph://anna@example.com/calendars/Client work" \
        --destination "local://anna/calendars/work" --timezone Europe/Berlin
    aa job add Main --type calendar_archive --schedule manual
    aa job add Work --type calendar_archive --schedule manual
} >"$WORLD/setup.log"

sim_post forget ''
sim_post load '{"max_page": 10}' # so that the client has links to follow
log_mark begin
aa login anna --refresh-token-file "$WORLD/token" >/dev/null
aa calendar list anna --remote | grep -q 'Client work' || fail "no remote calendars through Prism"
daemon_start
archive() { aa job run "$1" --from 2026-03-01 --to 2026-03-31 --wait || fail "run of job $1"; }
archive 1
archive 2
# An expired token, throttling and a broken server are part of how the client asks.
sim_post fault '{"expire_access_tokens": "anna@example.com"}'
sim_post fault '{"match": "calendarView", "times": 1, "action": {"status": 429, "headers": {"Retry-After": "1"}}}'
sim_post fault '{"match": "calendarView", "skip": 2, "times": 1, "action": {"status": 503}}'
archive 1
daemon_stop
sim_get log >"$WORLD/requests"
log_mark end
log_is_clean begin end
"${NAMES[@]}" --requests "$WORLD/requests" || fail "our client asks for what the description does not know"

[ "$(sql "SELECT count(*) FROM job_runs WHERE outcome = 'success'")" -eq 3 ] || fail "not every run was a success"
for row in "1 [1-9][0-9]*" "2 [1-9][0-9]*" "3 0"; do
    inserted=$(run_field "${row%% *}" "json_extract(counts, '\$.inserted')")
    grep -Eqx -- "${row#* }" <<<"$inserted" || fail "run ${row%% *} wrote $inserted rows, expected ${row#* }"
done
REQUESTS=$(grep -c 'Request received' "$WORLD/part.log")
LINKS=$(grep -c 'Forwarding.*calendarView.*24skip=' "$WORLD/part.log")
[ "$LINKS" -ge 4 ] || fail "our client followed $LINKS links through Prism"
for status in 401 429 503; do
    grep -q "calendarView has returned $status" "$WORLD/part.log" || fail "no $status passed through Prism"
done
sim_stop
printf 'ok: %d answers validated; our client, %d requests, %d of them links\n' "$CHECKS" "$REQUESTS" "$LINKS"
