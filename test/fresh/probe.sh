#!/usr/bin/env bash
# Runs in a system that was booted with the README's unit enabled (scripts/check-fresh.sh): the service
# answers, its log is in the journal, and a stop drains. Says "good", or what is wrong, and powers off.
set -uo pipefail
trap 'systemctl poweroff --force' EXIT

fail() {
    echo "FAILED: README: the service: $1"
    journalctl --no-pager --unit lined
    exit 1
}

until [ "$(systemctl is-active lined)" = active ]; do
    [ "$(systemctl is-active lined)" != failed ] || fail "it does not start"
    sleep 0.1
done
# systemd takes it for active as soon as it is started.
until journalctl --no-pager --output cat --unit lined | grep -q '^lined: at most'; do sleep 0.1; done
[ "$(printf 'hello\n' | nc -N 127.0.0.1 1234)" = "Received: hello" ] || fail "it does not answer"
[ "$(systemctl show --property User --value lined)" != root ] || fail "it runs as root"
systemctl stop lined
[ "$(systemctl show --property Result --value lined)" = success ] || fail "a stop is no success"
journalctl --sync
for text in 'lined: listening on \[::\]:1234' 'Incoming packet: "hello\\n"' 'lined: served 1 connections'; do
    journalctl --no-pager --output cat --unit lined | grep -q "^$text" || fail "the journal lacks '$text'"
done
echo good
