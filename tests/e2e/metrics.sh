#!/usr/bin/env bash
# The metrics file of a daemon that has done something, read as a collector reads it.
set -euo pipefail
cd "$(dirname "$0")/../.."
# Debian's module is for Debian's interpreter, whatever else is called python3 here.
PYTHON=/usr/bin/python3
if ! "$PYTHON" -c 'import prometheus_client.openmetrics.parser' 2>/dev/null; then
    echo "skipped: $PYTHON with the package python3-prometheus-client is not here"
    exit 77
fi
. tests/lib/world.sh
METRICS=$WORLD/metrics.prom

# Prints "name{labels} value" for each sample, sorted; fails where the text is not strict OpenMetrics.
samples() {
    "$PYTHON" - "$METRICS" <<'PYTHON'
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
with open(sys.argv[1], encoding="utf-8", newline="") as f:
    families = list(text_string_to_metric_families(f.read()))
for sample in sorted((s for f in families for s in f.samples), key=str):
    labels = ",".join(f"{k}={v!r}" for k, v in sorted(sample.labels.items()))
    print(f"{sample.name}{{{labels}}} {sample.value}")
PYTHON
}
is_said() { samples >"$WORLD/samples" && grep -Fxq -- "$1" "$WORLD/samples"; }
expect() { is_said "$1" || { cat "$WORLD/samples" >&2; fail "the metrics do not say $1"; }; }

sim_start --data tests/graphsim/data
config_write "[service]" "metrics_file = $METRICS"
aa key generate >"$WORLD/out"
aa db upgrade >>"$WORLD/out" 2>&1
printf '%s\n' demo-refresh-token >"$WORLD/token"
chmod 600 "$WORLD/token"
aa user add anna@example.com --username anna >>"$WORLD/out"
aa login anna --refresh-token-file "$WORLD/token" >>"$WORLD/out"
aa user add nobody@example.com >>"$WORLD/out"
name='Say "hi" to B\ro / Büro'
aa archive-config add anna --name "$name" --source "msgraph://anna@example.com/calendars/primary" \
    --destination "local://anna/calendars/archive" --timezone Europe/Berlin >>"$WORLD/out"
aa job add 1 --type calendar_archive --schedule manual --window 1800 >>"$WORLD/out"
aa archive-config add nobody@example.com --name Never --source "msgraph://nobody@example.com/calendars/primary" \
    --destination "local://nobody@example.com/calendars/archive" --timezone Europe/Berlin >>"$WORLD/out"
aa job add 2 --type calendar_archive --schedule manual >>"$WORLD/out"

daemon_start
wait_for 15 "the first metrics" test -s "$METRICS"
[ "$(stat -c %a "$METRICS")" = 644 ] || fail "the metrics file has mode $(stat -c %a "$METRICS")"
expect "admin_assistant_last_success_timestamp_seconds{} 0.0"
expect "admin_assistant_jobs{state='active'} 2"
expect "admin_assistant_users{sign_in='ok'} 1"
expect "admin_assistant_users{sign_in='none'} 1"

trigger 1
wait_for 15 "the run" runs_done 1
trigger 2
wait_for 15 "the run that can not succeed" runs_done 2
first="job='1',name='Say \"hi\" to B\\\\ro / Büro'"
wait_for 15 "the metrics of both" is_said "admin_assistant_job_runs_total{job='2',name='Never',outcome='failure'} 1"
expect "admin_assistant_job_runs_total{$first,outcome='success'} 1"
rows=$(sql "SELECT rows_written FROM job_stats WHERE job_id = 1")
[ "$rows" -gt 0 ] || fail "the run wrote nothing"
expect "admin_assistant_job_rows_written_total{$first} $rows"
expect "admin_assistant_job_last_rows{$first} $rows"
expect "admin_assistant_jobs_left_out{} 0"
expect "admin_assistant_runs_open{state='running'} 0"
! is_said "admin_assistant_last_success_timestamp_seconds{} 0.0" || fail "no success is told"
[ ! -e "$METRICS.new" ] || fail "a temporary file was left"

# Of what was archived nothing but numbers.
while read -r subject; do
    ! grep -Fq -- "$subject" "$METRICS" || fail "the metrics hold a subject: $subject"
done < <(sql "SELECT DISTINCT subject FROM appointments WHERE length(subject) > 3")

# A file that can not be written is one warning, and the archive goes on.
rm "$METRICS"
mkdir "$METRICS"
for n in 3 4; do
    trigger 1
    wait_for 15 "run $n" runs_done "$n"
done
wait_for 15 "the warning" grep -q 'metrics file .* can not be written: Is a directory' "$WORLD/daemon.log"
daemon_stop
[ "$(grep -c 'metrics file' "$WORLD/daemon.log")" -eq 1 ] || fail "the warning was repeated"
