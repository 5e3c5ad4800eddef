#!/usr/bin/env bash
# The last part of probe.sh, which sources this file: the packages of scripts/package.sh. An upgrade loses no client, and a
# removal and a purge leave nothing.

packages=("$(dirname "$0")"/../../build/package/lined_*.deb)
expect_gone() {
    for path in "$@"; do
        if [ -e "$path" ] || [ -L "$path" ]; then fail "the package leaves $path"; fi
    done
}

# The units of the installation in /usr/local would win over those of the package.
systemctl disable --now lined lined.socket
rm -f /usr/local/lib/systemd/system/lined.* /etc/default/lined /etc/logrotate.d/lined
rm -rf /etc/systemd/system/lined.* /run/systemd/system/lined.service.d/watchdog.conf
systemctl daemon-reload
dpkg --install "${packages[@]}" || fail "the package cannot be installed"
[ "$(systemctl is-active lined)" = inactive ] || fail "the package starts lined"
systemctl enable --now lined.socket lined || fail "the package's lined does not start"
expect_property ExecMainStatus 0
[[ $(property ExecStart) == *path=/usr/bin/lined* ]] || fail "not the package's unit runs"

(until [ -e /tmp/upgraded ]; do answers && echo good || echo lost; done >/tmp/clients) &
clients=$!
for ((round = 0; round < 3; round++)); do
    before=$(property MainPID)
    dpkg --install "${packages[@]}" || fail "the package cannot be upgraded"
    [ "$(property MainPID)" != "$before" ] || fail "an upgrade does not restart lined"
done
touch /tmp/upgraded
wait $clients
grep -q good /tmp/clients || fail "no client came during the upgrades"
! grep -q lost /tmp/clients || fail "$(grep -c lost /tmp/clients) clients were lost in the upgrades"

# logrotate of the package, with the log in the folder of the unit.
echo LINED_LOG_FILE=/var/log/lined/lined.log >/etc/default/lined
systemctl restart lined
answers || fail "it does not answer with a log file"
log_has() { grep -qx 'Incoming packet: "hello\\n"' "$1"; }
await "the log" log_has /var/log/lined/lined.log
logrotate --force /etc/logrotate.d/lined || fail "logrotate ends with $?"
await "the old log" log_has /var/log/lined/lined.log.1
await "a new log" test -e /var/log/lined/lined.log
answers || fail "it does not answer after the rotation"
await "the new log" log_has /var/log/lined/lined.log

DEBIAN_FRONTEND=noninteractive apt-get remove -y lined || fail "the package cannot be removed"
! pgrep -x lined || fail "lined runs after its removal"
expect_gone /usr/bin/lined /etc/systemd/system/*.wants/lined.*
[ -e /etc/default/lined ] || fail "a removal removes the configuration"
dpkg --purge lined || fail "the package cannot be purged"
expect_gone /etc/default/lined /etc/logrotate.d/lined /var/log/lined /var/log/private/lined
echo "the package: $(grep -c good /tmp/clients) clients during three upgrades, none lost"
