#!/usr/bin/env bash
# Real clients of Unix sockets, and of *:PORT, against a real lined.
set -euo pipefail
root=$1 lined=$2
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need nc socat

socket=$scratch/socket

# serve_at PLACE [option...]: as serve, at this place; $place is what lined reports.
serve_at() {
    local line
    exec {messages}< <(exec "${wrapper[@]}" "$lined" --listen "$@" 2>&1 >"$log")
    pid=$!
    IFS= read -r -t 10 -u "$messages" line || fail "lined said nothing"
    [[ $line == "lined: listening on "* ]] || fail "lined said: $line"
    place=${line#lined: listening on }
}
wrapper=()

expect_reply() { # REPLY WHAT
    [ "$1" = $'Received: hello\n\n.' ] || fail "$2 received: $1"
}

serve_at "unix:$socket,mode=0600" --max-per-ip 1
[ "$place" = "unix:$socket" ] || fail "lined listens on $place"
[ "$(stat -c %a "$socket")" = 600 ] || fail "the mode is $(stat -c %a "$socket")"
expect_reply "$(printf 'hello\n' | nc -N -U "$socket" && echo .)" "nc -N -U"
expect_reply "$(printf 'hello\n' | socat -t 10 - "UNIX-CONNECT:$socket" && echo .)" "socat"
# Two at once: --max-per-ip does not count them.
exec {first}> >(socat -t 10 - "UNIX-CONNECT:$socket" >"$scratch/first")
printf 'hello\n' >&"$first"
for ((i = 0; i < 3000; i++)); do
    [ ! -s "$scratch/first" ] || break
    sleep 0.01
done
expect_reply "$(printf 'hello\n' | nc -N -U "$socket" && echo .)" "the second of two"
exec {first}>&-
# Another lined cannot have the file while it is served.
if "$lined" --listen "unix:$socket" 2>"$scratch/second"; then fail "two servers have $socket"; fi
grep -q 'another process listens on this file' "$scratch/second" || fail "it said: $(cat "$scratch/second")"
end_serving
[ ! -e "$socket" ] || [[ $said == *"no Landlock"* ]] || fail "the socket file is left"

# After kill -9 the file is stale, and is replaced.
serve_at "unix:$socket"
kill -KILL "$pid"
wait "$pid" 2>/dev/null || true
[ -S "$socket" ] || fail "the socket file has gone with its server"
serve_at "unix:$socket"
expect_reply "$(printf 'hello\n' | nc -N -U "$socket" && echo .)" "nc after kill -9"
end_serving

# Every address: IPv4 clients have their IPv4 address, for the limit of each address too.
serve_at '*:0' --max-per-ip 1 --handler chat
[[ $place == *:* ]] || fail "lined listens on $place"
port=${place##*:}
exec {first}<>"/dev/tcp/127.0.0.1/$port"
printf 'hello\n' >&"$first"
IFS= read -r -t 10 -u "$first" line || fail "the first of 127.0.0.1 has no reply"
exec {second}<>"/dev/tcp/127.0.0.1/$port"
IFS= read -r -t 10 -u "$second" line || fail "the second of 127.0.0.1 has no reply"
[[ $line == *"oo many connections from your address"* ]] || fail "the second of 127.0.0.1 received: $line"
exec {first}>&- {second}>&-
end_serving

# With IPv6 switched off IPv4 clients are served all the same. In a network namespace of its own, where that can
# be had.
no_ipv6=(unshare --net sh -c
    # shellcheck disable=SC2016 # the inner shell expands it
    'ip link set lo up && echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 && exec "$@"' -)
if command -v ip nsenter >/dev/null && "${no_ipv6[@]}" nsenter --net=/proc/self/ns/net true 2>/dev/null; then
    wrapper=("${no_ipv6[@]}")
    serve_at '*:0'
    reply=$(printf 'hello\n' | nsenter --target "$pid" --net socat -t 10 - "TCP4:127.0.0.1:${place##*:}" && echo .)
    expect_reply "$reply" "without IPv6 a client of $place"
    end_serving
else
    echo "skipped: unix: *:PORT without IPv6: this system allows no network namespace with IPv6"
fi
