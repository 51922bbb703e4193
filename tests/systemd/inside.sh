#!/usr/bin/env bash
# The checks, in a booted systemd, as root; run.sh boots one.  Each is a line "ok N NAME" or "not ok N NAME"; the last line
# counts them.
set -uo pipefail
cd "$(dirname "$0")" || exit
. ./lib.sh

# Nobody's archive is to be touched.
for path in "$STATE" "$CONF" /etc/systemd/system/admin-assistant.service /lib/systemd/system/admin-assistant.service; do
    [ ! -e "$path" ] || { echo "$path is there: this machine has an admin-assistant of its own"; exit 1; }
done

clean_up() {
    [ ! -e "$W/hosts" ] || outside_down
    systemctl stop $UNIT aa-graphsim.service 2>/dev/null
    systemctl disable $UNIT 2>/dev/null
    [ ! -e "$W/manifest" ] || xargs -rd '\n' rm -f <"$W/manifest"
    rm -rf "$STATE" /etc/admin-assistant "$DROP_INS" "$W"
    userdel admin-assistant 2>/dev/null
    systemctl daemon-reload
    journalctl --update-catalog
}
[ "${SYSTEMD_BOX:-}" = 1 ] || trap clean_up EXIT

for part in checks/*.sh; do
    printf '# %s\n' "$(basename "$part" .sh | sed 's/^[0-9]*-//')"
    . "$part"
done
finish
