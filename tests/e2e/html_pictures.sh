#!/usr/bin/env bash
# The HTML in a browser, as wide as a telephone, a tablet and a screen: nothing reaches the right border, where it would have to
# be scrolled to, and the browser refuses nothing of what the page itself forbids.  KEEP_PICTURES=DIR keeps them to be looked at.
set -euo pipefail
cd "$(dirname "$0")/../.."
for program in chromium convert; do
    command -v "$program" >/dev/null || { echo "skipped: $program is not here (Debian's packages chromium and imagemagick)"; exit 77; }
done
WORLD=$(mktemp -d "${TMPDIR:-/tmp}/admin-assistant.XXXXXX")
trap 'rm -rf "$WORLD"' EXIT
PICTURES=${KEEP_PICTURES:-$WORLD}
mkdir -p "$PICTURES"
seed=${AA_SEED:-$RANDOM$RANDOM}
echo "seed: AA_SEED=$seed"
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

mkdir "$WORLD"/{week,one-week,quarter,strangers}
"$AA_BIN/document_files" "$WORLD/week" week html >"$WORLD/log"
"$AA_BIN/document_files" "$WORLD/one-week" many 25 "$seed" html >>"$WORLD/log"
"$AA_BIN/document_files" "$WORLD/quarter" many 80 "$seed" html >>"$WORLD/log"
"$AA_BIN/document_files" "$WORLD/strangers" random 50 "$seed" html >>"$WORLD/log"

picture() { # PAGE WIDTH HEIGHT OUT
    timeout 120 chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --enable-logging=stderr \
        "--user-data-dir=$WORLD/chromium" "--window-size=$2,$3" "--screenshot=$4" "file://$1" 2>"$WORLD/browser" >&2 ||
        { tail -n 5 "$WORLD/browser" >&2; fail "no picture of $1"; }
    [ "$(convert "$4" -format '%w' info:)" -eq "$2" ] || fail "$4 is not $2 pixels wide"
    if grep -E 'CONSOLE.*(Content Security Policy|Refused|rror)' "$WORLD/browser" >&2; then fail "the browser complains about $1"; fi
}
colours() { # PICTURE X WIDTH: how many there are in the strip
    convert "$1" -crop "$3x0+$2+0" +repage -unique-colors -format '%w' info:
}
is_inside() { [ "$(colours "$1" $(($2 - 8)) 8)" -eq 1 ]; } # PICTURE WIDTH

# A line that can not be wrapped has to be noticed, or the rest of this test says nothing.
sed 's|<main>|<main><pre>'"$(printf 'x%.0s' {1..400})"'</pre>|' "$WORLD/week/sheet.html" >"$WORLD/wide.html"
picture "$WORLD/wide.html" 390 900 "$WORLD/wide.png"
! is_inside "$WORLD/wide.png" 390 || fail "a line that is too wide was not noticed"

for case in week:390 week:768 week:1280 one-week:390 quarter:390 strangers:390 strangers:1280; do
    sheet=${case%:*} width=${case#*:}
    out=$PICTURES/$sheet-$width.png
    picture "$WORLD/$sheet/sheet.html" "$width" 8000 "$out"
    is_inside "$out" "$width" || fail "$sheet: something reaches the right border at $width pixels"
    [ "$(colours "$out" 0 "$width")" -gt 50 ] || fail "$sheet: the page is empty at $width pixels"
    echo "$sheet: nothing reaches the border at $width pixels"
done
