# cmake --install, and what makes a service of it.

install_it() { # the list of what it installed is what a machine's own systemd is cleaned by
    cmake --install "$AA_BUILD"
    cp "$AA_BUILD/install_manifest.txt" "$W/manifest"
    test -x /usr/bin/admin-assistantd -a -x /usr/bin/admin-assistant
}
must "cmake --install" install_it

keeps_configuration() {
    echo "; the owner's line" >>$CONF
    cmake --install "$AA_BUILD"
    has "$(cat $CONF)" "the owner's line"
}
check "a second installation keeps the configuration" keeps_configuration

user_and_directories() {
    systemd-sysusers
    systemd-tmpfiles --create
    journalctl --update-catalog
    systemctl daemon-reload
    same "admin-assistant admin-assistant 711" "$(stat -c '%U %G %a' $STATE)"
    same "root root 700" "$(stat -c '%U %G %a' $KEYS)"
    has "$(getent passwd admin-assistant)" ':/usr/sbin/nologin$'
}
must "sysusers, tmpfiles, catalog" user_and_directories

check "the units are sound" systemd-analyze verify --man=no $UNIT admin-assistant-failure@$UNIT.service
exposure() {
    systemd-analyze security --no-pager --threshold=15 $UNIT
    systemd-analyze security --no-pager --offline=true --threshold=15 /lib/systemd/system/$UNIT
}
check "exposure is at most 1.5, as installed and as loaded" exposure

every_message_is_in_the_catalog() {
    local id
    for id in $(grep -oE '"[0-9a-f]{32}"' "$AA_SOURCE/daemon/messages.h" | tr -d '"'); do
        has "$(journalctl --list-catalog "$id")" "admin-assistant: "
    done
}
check "the catalog knows every message" every_message_is_in_the_catalog
