#!/usr/bin/env bash
# The installed service under a really booted systemd: inside.sh, in a box that ../shared/systemd-box.sh boots.  On a machine
# whose PID 1 is systemd, AA_SYSTEMD_HOST=1 takes that one; the service is installed there and removed again.
# AA_BUILD is the release build to install, SIM_BIN holds graphsim.  Exit status 77: skipped, and the line says why.
set -euo pipefail
cd "$(dirname "$0")/../.."
export AA_SOURCE=$PWD AA_BUILD=${AA_BUILD:-$PWD/build} SIM_BIN=${SIM_BIN:-$PWD/build/check/bin}
box=${AA_SHARED_DIR:-$PWD/../shared}/systemd-box.sh

skip() { printf 'skipped: %s\n' "$*"; exit 77; }

[ "$(id -u)" -eq 0 ] || skip "only root can install a service"
[ -x "$AA_BUILD/bin/admin-assistantd" ] || skip "there is no $AA_BUILD/bin/admin-assistantd: ./dev build"
if [ "${AA_SYSTEMD_HOST:-}" = 1 ] && [ -d /run/systemd/system ]; then
    exec tests/systemd/inside.sh
fi
[ -x "$box" ] || skip "there is no $box to boot a systemd with; where PID 1 is systemd, AA_SYSTEMD_HOST=1 uses that one"
unshare --mount --pid --fork true 2>/dev/null || skip "no new namespaces can be made here"

boot() { # BOX-OPTION…
    "$box" --root "$AA_SOURCE/build/box" --bind "$AA_SOURCE:$AA_SOURCE" --bind "$AA_BUILD:$AA_BUILD" \
        --bind "$SIM_BIN:$SIM_BIN" --env "AA_SOURCE=$AA_SOURCE" --env "AA_BUILD=$AA_BUILD" --env "SIM_BIN=$SIM_BIN" \
        --timeout 270 --artifacts "$AA_SOURCE/build/box/last" "$@" -- "$AA_SOURCE/tests/systemd/inside.sh"
}

# Debian packages of the shared libraries that these programs need.
packages_of() { # PROGRAM…
    local library
    ldd "$@" | sed -nE 's/.* => (\/[^ ]+) .*/\1/p' | sort -u | while read -r library; do
        { dpkg-query -S "$library" "/usr$library" 2>/dev/null || true; } | sed -n '1s/:.*//p'
    done | sort -u | paste -sd,
}

# This machine's own files below an overlay: seconds, and no download.  They may change while the box boots (125); then a
# small Debian of its own is built once.
status=0
boot --base host || status=$?
[ "$status" -ne 125 ] || { status=0; boot --base host || status=$?; }
if [ "$status" -eq 125 ]; then
    status=0
    packages=$(packages_of "$AA_BUILD"/bin/* "$SIM_BIN/graphsim")
    boot --base debian --packages "$packages,ca-certificates,cmake,curl,fonts-dejavu-core,iproute2,sqlite3,tzdata" || status=$?
fi
exit "$status"
