#!/usr/bin/env bash
# A real systemd-socket-activate starts lined: LISTEN_FDS over TCP and Unix; and what is rejected.
set -euo pipefail
root=$1 lined=$2
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need nc socat systemd-socket-activate

socket=$scratch/socket

# activate SOCKET [option...] -- [lined option...]: $pid is that of lined, because the program that waits for the
# first client becomes lined. Standard error goes to $scratch/said.
activate() {
    : >"$scratch/said"
    systemd-socket-activate --listen="$1" "${@:2}" >"$log" 2>"$scratch/said" &
    pid=$!
    await_text 'Listening on'
}

await_text() {
    for ((i = 0; i < 3000; i++)); do
        ! grep -q -- "$1" "$scratch/said" || return 0
        sleep 0.01
    done
    fail "no '$1' in: $(cat "$scratch/said")"
}

# The exit status of lined must be this.
await_end() {
    local status=0
    wait "$pid" || status=$?
    pid=
    [ "$status" -eq "$1" ] || fail "exit status $status: $(cat "$scratch/said")"
}

# A port that is free now. Another process may take it before systemd-socket-activate does: then again.
activate_tcp() {
    for ((tries = 0; tries < 20; tries++)); do
        port=$((20000 + RANDOM % 10000))
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { activate "127.0.0.1:$port" "$@" && return; }
    done
    fail "no port is free"
}

talk() { # ADDRESS of socat
    local reply
    reply=$(printf 'hello\n' | socat -t 10 - "$1" && echo .)
    [ "$reply" = $'Received: hello\n\n.' ] || fail "the client of $1 received: $reply"
}

# TCP. The first client starts lined, and is answered.
activate_tcp "$lined"
talk "TCP:127.0.0.1:$port"
await_text "lined: listening on 127.0.0.1:$port"
await_text 'at a time'
talk "TCP:127.0.0.1:$port"
# A client that stays: the kernel probes it, which lined has asked for on the accepted socket (02: a timer).
exec {client}<>"/dev/tcp/127.0.0.1/$port"
printf 'hello\n' >&"$client"
IFS= read -r -t 10 -u "$client" reply
[ "$reply" = "Received: hello" ] || fail "the client received: $reply"
printf -v local_end '0100007F:%04X' "$port"
grep -q -E " $local_end 0100007F:[0-9A-F]{4} 01 [0-9A-F:]+ 02:" /proc/net/tcp ||
    fail "no keepalive on the accepted socket: $(grep " $local_end " /proc/net/tcp)"
exec {client}>&-
kill -TERM "$pid"
await_end 0
grep -q 'served 3 connections, 3 lines' "$scratch/said" || fail "lined said: $(cat "$scratch/said")"

# Unix. The file is not lined's: it stays.
activate "$socket" "$lined"
talk "UNIX-CONNECT:$socket"
[ "$(printf 'hello\n' | nc -N -U "$socket")" = 'Received: hello' ] || fail "nc -U was not answered"
await_text "lined: listening on unix:$socket"
kill -TERM "$pid"
await_end 0
[ -S "$socket" ] || fail "the socket file of the service manager was removed"
rm "$socket"

# Accept=yes: lined gets a connection.
activate "$socket" --accept "$lined"
printf 'hello\n' | socat -t 10 - "UNIX-CONNECT:$socket" >"$scratch/reply" 2>/dev/null || true
await_text 'it is a connection, not a listening socket: set Accept=no in the socket unit'
[ ! -s "$scratch/reply" ] || fail "the client of Accept=yes received: $(cat "$scratch/reply")"
kill -TERM "$pid"
wait "$pid" || true
pid=
rm "$socket"

# With a place of its own; an admin socket.
for option in '-p 0' '--ip ::1' '--listen 127.0.0.1:0'; do
    read -ra words <<<"$option"
    activate "$socket" "$lined" "${words[@]}"
    socat -u OPEN:/dev/null "UNIX-CONNECT:$socket"
    await_end 2
    grep -q 'LINED_PORT, .* not possible with sockets that the service manager has opened (LISTEN_FDS), .*: leave one of them out' "$scratch/said" ||
        fail "$option: lined said: $(cat "$scratch/said")"
    rm "$socket"
done

# The sockets of another process are not lined's.
export LISTEN_PID=1 LISTEN_FDS=1
serve
talk "TCP:127.0.0.1:$port"
end_serving
unset LISTEN_PID LISTEN_FDS
