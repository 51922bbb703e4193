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

# Each kind of line in the journal has its text in the catalog and is written somewhere, and a line that asks for a
# person (warning and above) is of such a kind.
kinds=$(grep -oE '"[0-9a-f]{32}"' daemon/messages.h | tr -d '"' | sort)
texts=$(sed -nE 's/^-- ([0-9a-f]{32})$/\1/p' systemd/admin-assistant.catalog | sort)
if found=$(diff <(echo "$kinds") <(echo "$texts")); then :; else
    complain "daemon/messages.h (<) and systemd/admin-assistant.catalog (>) differ:
$found"
fi
if found=$(uniq -d <<<"$kinds" | grep .); then
    complain "a MESSAGE_ID stands for two kinds of line:
$found"
fi
for name in $(sed -nE 's/^#define (MESSAGE_[A-Z_]+).*/\1/p' daemon/messages.h); do
    grep -qw "$name" daemon/*.c || complain "daemon/messages.h: nobody writes $name"
done
if found=$(grep -nE 'log_write\(\s*LOG_LEVEL_(CRIT|ERR|WARNING),\s*NULL' $(git ls-files 'daemon/*.c')); then
    complain "lines that ask for a person, without a MESSAGE_ID:
$found"
fi
exit $status
