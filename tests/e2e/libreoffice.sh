#!/usr/bin/env bash
# Workbooks and CSV files as another program understands them.  The values that stand beside the formulas are taken out of the
# workbook first, so that every sum is LibreOffice's own; they must be those of the JSON, as h:mm and as decimals.
set -euo pipefail
cd "$(dirname "$0")/../.."
PYTHON=/usr/bin/python3
command -v soffice >/dev/null || { echo "skipped: soffice (Debian's libreoffice-calc-nogui) is not here"; exit 77; }
[ -x "$PYTHON" ] || { echo "skipped: $PYTHON is not here"; exit 77; }
WORLD=$(mktemp -d "${TMPDIR:-/tmp}/admin-assistant.XXXXXX")
trap 'rm -rf "$WORLD"' EXIT
seed=${AA_SEED:-$RANDOM$RANDOM}
echo "seed: AA_SEED=$seed"

# 21,000 lines: a workbook whose rows were written one by one.
mkdir -p "$WORLD/week" "$WORLD/random" "$WORLD/large" "$WORLD/profile/user"
"$AA_BIN/document_files" "$WORLD/week" week xlsx csv json
"$AA_BIN/document_files" "$WORLD/random" random 150 "$seed" xlsx csv json
"$AA_BIN/document_files" "$WORLD/large" many 21000 "$seed" xlsx json

cat >"$WORLD/profile/user/registrymodifications.xcu" <<'XCU'
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
XCU

# A formula's value becomes 999.
"$PYTHON" - "$WORLD"/*/sheet.xlsx <<'PYTHON'
import re, sys, zipfile
for path in sys.argv[1:]:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(path[:-5] + "-bare.xlsx", "w", zipfile.ZIP_DEFLATED) as new:
        count = 0
        for item in old.infolist():
            data = old.read(item)
            if item.filename.startswith("xl/worksheets/"):
                data, n = re.subn(rb"(</f>)<v>[^<]*</v>", rb"\1<v>999</v>", data)
                count += n
            new.writestr(item, data)
        assert count > 6, path
PYTHON

to_csv() { # OPTIONS FILE…: into the folder of each
    local options=$1 file
    shift
    for file in "$@"; do
        timeout 240 soffice --headless "-env:UserInstallation=file://$WORLD/profile" \
            --convert-to "csv:Text - txt - csv (StarCalc):$options" --outdir "$(dirname "$file")/out" "$file" >"$WORLD/log" 2>&1 ||
            { cat "$WORLD/log" >&2; exit 1; }
    done
}
to_csv 44,34,76,1,,0,false,true,true,false,false,-1 "$WORLD"/{week,random,large}/sheet-bare.xlsx
# And the CSV for machines, as somebody would open it: shown again, as text.
to_csv_in() { timeout 240 soffice --headless "-env:UserInstallation=file://$WORLD/profile" "--infilter=$1" \
    --convert-to "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,true" --outdir "$2" "$3" >"$WORLD/log" 2>&1; }
for sheet in week random; do
    to_csv_in "Text - txt - csv (StarCalc):44,34,76,1" "$WORLD/$sheet/machine" "$WORLD/$sheet/rfc4180.csv"
    to_csv_in "Text - txt - csv (StarCalc):59,34,76,1,,1031" "$WORLD/$sheet/people" "$WORLD/$sheet/excel-de.csv"
done

"$PYTHON" - "$WORLD" <<'PYTHON'
import csv, glob, json, sys
world = sys.argv[1]
csv.field_size_limit(10**7)

def hours(minutes): return f"{minutes // 60}:{minutes % 60:02d}"
def decimals(hundredths): return f"{hundredths // 100}.{hundredths % 100:02d}"
def figures(s):
    return [hours(s["worked_minutes"]), decimals(s["worked_hundredths"]), hours(s["held_minutes"]),
            hours(s["unrounded_minutes"]), hours(s["billed_minutes"]), decimals(s["billed_hundredths"])]
def rows(path):
    with open(path, encoding="utf-8", newline="") as f: return list(csv.reader(f))
def same(what, a, b):
    if a != b: sys.exit(f"FAILED: {what}: {a} instead of {b}")

for name in "week", "random", "large":
    sheet = json.load(open(f"{world}/{name}/sheet.json", encoding="utf-8"))
    lines = rows(f"{world}/{name}/out/sheet-bare-Lines.csv")
    body, last = lines[4:4 + len(sheet["lines"])], lines[4 + len(sheet["lines"])]
    same(f"{name}: total", last[9:15], figures(sheet["totals"]))
    for row, line in zip(body, sheet["lines"]):
        same(f"{name}: line {line['no']}", [row[0]] + row[9:15], [str(line["no"])] + figures(line))
    summary = rows(f"{world}/{name}/out/sheet-bare-Summary.csv")
    def table(head, second):
        at = next(i for i, row in enumerate(summary) if row[0] == head and row[1] == second)
        return summary[at + 1:]
    customers = table("Customer", "Type")
    for row, s in zip(customers, sheet["by_customer"]):
        same(f"{name}: {row[0]}", row[2:9], [str(s["lines"])] + figures(s))
    same(f"{name}: customers", customers[len(sheet["by_customer"])][3:9], figures(sheet["totals"]))
    days = table("Date", "")
    for row, s in zip(days, sheet["by_day"]):
        same(f"{name}: {s['date']}", row[2:9], [str(s["lines"])] + figures(s))
    same(f"{name}: days", days[len(sheet["by_day"])][3:9], figures(sheet["totals"]))
    weeks = table("Week", "Date")
    n = 0
    for row in weeks:
        if row[0] == "Total": break
        cells = [round(float(c) * 100) for c in row[2:] if c]
        same(f"{name}: {row[0]}", sum(cells[:-1]), cells[-1])
        n += cells[-1]
    same(f"{name}: weeks", n, sheet["totals"]["worked_hundredths"])
    print(f"{name}: {len(body)} lines, {hours(sheet['totals']['worked_minutes'])} worked, "
          f"{decimals(sheet['totals']['billed_hundredths'])} h billed: recalculated, equal")

for name in "week", "random":
    sheet = json.load(open(f"{world}/{name}/sheet.json", encoding="utf-8"))
    n = len(sheet["lines"])
    machine = rows(f"{world}/{name}/machine/rfc4180.csv")
    people = rows(f"{world}/{name}/people/excel-de.csv")
    for what, body, mark in ("machine", machine[1:n + 1], "."), ("people", people[1:n + 1], ","):
        same(f"{name}, {what}: minutes", sum(int(r[12]) for r in body), sheet["totals"]["worked_minutes"])
        same(f"{name}, {what}: billed", sum(int(r[17]) for r in body), sheet["totals"]["billed_minutes"])
    same(f"{name}: last row", people[-1][12], str(sheet["totals"]["worked_minutes"]))
    # What begins like a formula has an apostrophe before it and stays what it was; without one LibreOffice calculates it.
    guarded = 0
    for opened, path, separator in (machine, "rfc4180", ","), (people, "excel-de", ";"):
        with open(f"{world}/{name}/{path}.csv", encoding="utf-8-sig", newline="") as f:
            written = list(csv.reader(f, delimiter=separator))
        for before, after in zip(written[1:n + 1], opened[1:n + 1]):
            for column in 7, 9, 10, 22:
                if before[column].startswith("'"):
                    same(f"{name}, {path}: a cell", after[column], before[column])
                    guarded += 1
    if guarded == 0: sys.exit(f"FAILED: {name}: no cell begins like a formula")
    print(f"{name}: CSV opened, {guarded} cells that begin like a formula stayed text")
PYTHON
