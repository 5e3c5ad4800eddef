#!/usr/bin/env bash
# Runs in a system that was booted with lined.service enabled (scripts/check-fresh.sh), and tests the units: start,
# reload, rotation, stop, crash, watchdog, and activation by lined.socket; then the packages (upgrade.sh). Prints "good", or what is wrong, and powers off.
set -uo pipefail
trap 'systemctl poweroff --force' EXIT

fail() {
    echo "FAILED: the units: $1"
    systemctl --no-pager status lined.service lined.socket
    journalctl --no-pager --unit lined
    exit 1
}

property() { systemctl show --property "$1" --value lined; }
expect_property() { # NAME VALUE
    [ "$(property "$1")" = "$2" ] || fail "$1 is $(property "$1"), not $2"
}
# Waits for something that systemd does by itself: await WHAT COMMAND...
await() {
    for ((tries = 0; tries < 600; tries++)); do
        ! "${@:2}" || return 0
        sleep 0.1
    done
    fail "not in a minute: $1"
}
answers() { [ "$(printf 'hello\n' | timeout 60 nc -N 127.0.0.1 1234)" = "Received: hello" ]; }
journal_has() {
    journalctl --sync
    journalctl --no-pager --output cat --unit lined | grep -qE "$1"
}
expect_journal() { journal_has "$1" || fail "the journal lacks '$1'"; }
is_serving() { [ "$(property StatusText)" = serving ]; }
# More than 64 KiB wait for a client of port 1234: the column tx_queue of proc(5), net/tcp.
is_stuck() { grep -qE '^ *[0-9]+: [0-9A-F]+:04D2 [0-9A-F]+:[0-9A-F]+ 01 000[1-9A-F]' /proc/net/tcp /proc/net/tcp6; }
has_restarted() { [ "$(property NRestarts)" -eq "$1" ] && [ "$(property ActiveState)" = active ]; }

# More starts than systemd allows in 10 seconds.
mkdir -p /run/systemd/system/lined.service.d
printf '%s\n' '[Unit]' StartLimitIntervalSec=0 >/run/systemd/system/lined.service.d/limit.conf
systemctl daemon-reload
systemctl reset-failed lined

# systemctl waits until lined says that it is ready: clients can connect at once.
systemctl start lined || fail "it does not start"
answers || fail "it does not answer as soon as it is active"
expect_property StatusText serving
[ "$(ps -o user= -p "$(property MainPID)")" != root ] || fail "it runs as root"
# lined.service allows the calls that enter the sandbox.
expect_journal '^lined: sandbox: Landlock \(.*\), seccomp; user [0-9]+$'
expect_journal '^lined: listening on \[::\]:1234$'
expect_journal '^Incoming packet: "hello\\n"$'

# A reload reads the file of LINED_CONFIG, and opens the log again; a rotation as in lined(1).
mkdir /etc/lined
settings=/etc/lined/lined.conf
configure() { printf '%s\n' "$@" >$settings; }
configure LINED_MAX_CONNECTIONS=100 LINED_OVERFLOW=reject
cp /etc/default/lined /tmp/default
printf '%s\n' LINED_CONFIG=$settings LINED_LOG_FILE=/var/log/lined/lined.log >>/etc/default/lined
systemctl restart lined || fail "it does not start with a configuration"
before=$(property MainPID)
exec 3<>/dev/tcp/127.0.0.1/1234
answers || fail "it does not answer beside a client"
configure LINED_MAX_CONNECTIONS=1 LINED_OVERFLOW=reject
systemctl reload lined || fail "it does not reload"
is_rejected() { [ "$(printf 'hello\n' | timeout 60 nc -N 127.0.0.1 1234)" = "Server busy" ]; }
await "the new limit" is_rejected
exec 3>&-
configure LINED_MAX_CONNECTIONS=no
! systemctl reload lined || fail "it reloads a wrong configuration"
expect_journal "^lined: $settings:1: LINED_MAX_CONNECTIONS 'no': must be a number from 1 to "
rm $settings # which no check has seen
systemctl kill --signal HUP lined
has_failed() { [ "$(property StatusText)" = "serving; the last reload failed, see the messages" ]; }
await "the status of a reload that failed" has_failed
configure LINED_MAX_CONNECTIONS=100
systemctl reload lined || fail "it does not reload a right configuration"
await "the end of a reload" is_serving
answers || fail "it does not answer after a reload"

log_has() { grep -qx 'Incoming packet: "hello\\n"' "$1"; }
man=$(dirname "$0")/../../docs/lined.1
sed -n '/^\/var\/log\/lined\/lined.log {/,/^}/p' "$man" >/tmp/rotation
await "the log" log_has /var/log/lined/lined.log
logrotate --force /tmp/rotation || fail "logrotate ends with $?"
await "a new log" test -e /var/log/lined/lined.log
log_has /var/log/lined/lined.log.1 || fail "the rotated log has: $(cat /var/log/lined/lined.log.1)"
answers || fail "it does not answer after the rotation"
await "a line in the new log" log_has /var/log/lined/lined.log
expect_property MainPID "$before"
cp /tmp/default /etc/default/lined
systemctl restart lined

systemctl stop lined
expect_property Result success
expect_journal '^lined: served [0-9]+ connections'

# A client that stays is cut by the drain timeout, which is a success as well.
echo LINED_DRAIN_TIMEOUT=0.2 >>/etc/default/lined
systemctl start lined
exec 3<>/dev/tcp/127.0.0.1/1234
(while echo hello; do :; done >&3) 2>/dev/null & # reads no reply
flood=$!
await "a connection that cannot send" is_stuck
systemctl stop lined
kill $flood 2>/dev/null
exec 3>&-
expect_property Result success
expect_property ExecMainStatus 3

systemctl start lined
kill -SEGV "$(property MainPID)"
await "a restart after a crash" has_restarted 1
answers || fail "it does not answer after a crash"

# A process that does nothing: the watchdog ends it.
printf '%s\n' '[Service]' WatchdogSec=1 TimeoutAbortSec=1 >/run/systemd/system/lined.service.d/watchdog.conf
systemctl daemon-reload
systemctl restart lined
sleep 3 # the watchdog does not end a healthy one
expect_property NRestarts 0
kill -STOP "$(property MainPID)"
await "a restart by the watchdog" has_restarted 1
expect_journal 'Watchdog timeout'
answers || fail "it does not answer after the watchdog"

# lined.socket starts it for the first client; a restart refuses no client.
systemctl stop lined
sed -i /^LINED_IP/d\;/^LINED_PORT/d /etc/default/lined # the socket unit has the place
systemctl start lined.socket || fail "lined.socket does not start"
expect_property ActiveState inactive
answers || fail "lined.socket does not start it"
expect_property ActiveState active
for ((round = 0; round < 10; round++)); do
    systemctl restart lined &
    for ((client = 0; client < 20; client++)); do
        answers || fail "a client was lost in a restart"
    done
    wait $! || fail "it does not restart"
done
# What docs/operations.md shows to do as root, in the sections that need systemd alone.
systemctl stop lined lined.socket
operations=$(dirname "$0")/../../docs/operations.md
mapfile -t commands < <(sed -n '/^## systemd$/,/^## Containers$/p; /^## Logs$/,/^## TLS$/p' "$operations" | sed -n 's/^    # //p')
[ ${#commands[@]} -ge 10 ] || fail "docs/operations.md cannot be read: ${commands[*]}"
for command in "${commands[@]}"; do
    echo "operations: # $command"
    await "$command" eval "{ $command; } >/tmp/shown 2>&1" # the command may write to a file itself
    [[ $command != *" nc -N "* ]] || [ "$(head -n 1 /tmp/shown)" = "Received: hello" ] || fail "$command: $(cat /tmp/shown)"
done
# shellcheck source=test/fresh/upgrade.sh
. "$(dirname "$0")/upgrade.sh"
echo good
