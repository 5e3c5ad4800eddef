#!/usr/bin/env bash
# The units of systemd as they are installed: systemd finds no fault in them, and little that lined could do and
# need not. The service allows the system calls of the sandbox's table.
set -euo pipefail
root=$1 lined=$2 build=$3
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need systemd-analyze

# The highest exposure level that is allowed; systemd-analyze(1) has levels from 0 to 10.
most=15 # tenths

# systemd-analyze looks for the program and the man page.
prefix=$scratch/prefix
chmod 600 "$build/lined.service.in" # as in a checkout with a umask of 077
cmake --install "$build" --prefix "$prefix" >/dev/null
units=$prefix/lib/systemd/system
mode=$(stat -c %a "$units/lined.service")
[ "$mode" = 644 ] || fail "lined.service is installed with the mode $mode"
grep -qx "ExecStart=$prefix/bin/lined" "$units/lined.service" || fail "lined.service does not start $prefix/bin/lined"

man=no
! command -v man >/dev/null || man=yes
said=$(MANPATH=$prefix/share/man systemd-analyze verify --man=$man "$units/lined.service" "$units/lined.socket" 2>&1) ||
    fail "systemd-analyze verify ends with $?: $said"
[ -z "$said" ] || fail "systemd-analyze verify: $said"

said=$(systemd-analyze security --offline=true --no-pager "$units/lined.service" 2>&1) ||
    fail "systemd-analyze security ends with $?: $said"
[[ $said =~ 'Overall exposure level for lined.service: '([0-9]+)\.([0-9]) ]] ||
    fail "systemd-analyze security: $said"
[ "${BASH_REMATCH[1]}${BASH_REMATCH[2]}" -le $most ] ||
    fail "the exposure level is ${BASH_REMATCH[1]}.${BASH_REMATCH[2]}, above 1.5: $said"

# The first filter is the table, the others are what the start needs besides.
mapfile -t filters < <(sed -n 's/^SystemCallFilter=//p' "$units/lined.service")
allowed=$(tr ' ' '\n' <<<"${filters[0]}" | sort)
table=$(grep -oE 'SYS_[a-z0-9_]+' "$root/src/command/sandbox/syscall_table.c" | sed 's/^SYS_//' | sort -u)
[ "$(wc -l <<<"$table")" -gt 40 ] || fail "syscall_table.c cannot be read: $table"
[ "$allowed" = "$table" ] || fail "lined.service allows others than the sandbox: $(diff <(echo "$table") <(echo "$allowed"))"
# A stop may take the drain timeout and a second, and is a success also if it has cut connections.
drain=$("$lined" --help | tr '\n' ' ' | sed -nE 's/.*--drain-timeout.*SECONDS \(default ([0-9]+)\).*--backlog.*/\1/p')
stop=$(sed -n 's/^TimeoutStopSec=//p' "$units/lined.service")
[ "$stop" -gt $((drain + 1)) ] || fail "TimeoutStopSec=$stop is too short for a drain timeout of $drain"
for line in Type=notify SuccessExitStatus=3 NonBlocking=yes; do
    grep -qx "$line" "$units/lined.service" || fail "lined.service lacks $line"
done
# The calls that enter the sandbox, which no table has.
while read -r call; do
    [[ " ${filters[*]:1} " == *" $call "* ]] || fail "lined.service does not allow $call, so the sandbox lacks a part"
done < <(grep -ohE 'SYS_landlock_[a-z_]+' "$root/src/command/sandbox/landlock.c" | sed 's/^SYS_//')
# A reload with a mistake fails: the signal comes after the check.
mapfile -t reload < <(sed -n 's/^ExecReload=//p' "$units/lined.service")
[ "${reload[0]}" = "$prefix/bin/lined --check-config" ] || fail "lined.service reloads without a check: ${reload[0]}"
[[ ${reload[1]} == *" -HUP "* ]] || fail "lined.service does not send SIGHUP: ${reload[1]}"
