#!/usr/bin/env bash
# The rules of the house that a grep can keep: no banned function, nothing left open, no file over 600 lines.
set -euo pipefail
cd "$(dirname "$0")/.."
status=0
complain() { printf '%s\n' "$1" >&2; status=1; }

banned='\b(sprintf|vsprintf|strcpy|strcat|strtok|atoi|atol|gets|rand|srand|gettimeofday|localtime|gmtime|ctime)\s*\('
if found=$(grep -nE "$banned" $(git ls-files '*.c' '*.h') | grep -v 'tests/'); then
    complain "banned functions:
$found"
fi
if found=$(grep -nE '\btime\((NULL|0)\)' $(git ls-files '*.c' '*.h') | grep -v '^base/'); then
    complain "a clock is read outside base/:
$found"
fi
if found=$(grep -nE '\b(TODO|FIXME|XXX|HACK)\b' $(git ls-files '*.c' '*.h' '*.sql')); then
    complain "left open:
$found"
fi
for file in $(git ls-files '*.c' '*.h'); do
    lines=$(wc -l <"$file")
    [ "$lines" -le 600 ] || complain "$file has $lines lines; a file that long is usually two"
done
exit $status
