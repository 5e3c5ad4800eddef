#!/usr/bin/env bash
# Two real netcat clients of the handler pubsub, as docs/pubsub.md shows them; in both modes.
set -euo pipefail
root=$1 lined=$2
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need nc

# begin: a client with its input in $to_reader and its output in $from_reader.
begin_reader() {
    mkfifo "$scratch/in" "$scratch/out"
    nc -N 127.0.0.1 "$port" <"$scratch/in" >"$scratch/out" &
    exec {to_reader}>"$scratch/in" {from_reader}<"$scratch/out"
    rm "$scratch/in" "$scratch/out"
}

reader_gets() { # LINE
    local line
    IFS= read -r -t 10 -u "$from_reader" line || fail "the reader received nothing instead of: $1"
    [ "$line" = "$1" ] || fail "the reader received '$line' instead of '$1'"
}

writer() { # LINE...: a client of its own, and all that it receives
    printf '%s\n' "$@" | timeout 10 nc -N 127.0.0.1 "$port"
}

expect() { # REPLIES LINE...
    local replies
    replies=$(writer "${@:2}")
    [ "$replies" = "$1" ] || fail "the writer received '$replies' instead of '$1'"
}

for mode in passive active; do
    serve --handler pubsub --mode "$mode"
    begin_reader
    echo 'SUBSCRIBE news' >&"$to_reader"
    reader_gets 'OK news'
    expect $'OK 1\nCHANNEL news 1\nOK' 'PUBLISH news It rains.' CHANNELS
    reader_gets 'MESSAGE news It rains.'
    echo 'UNSUBSCRIBE news' >&"$to_reader"
    reader_gets 'OK news'
    expect $'OK 0\nOK' 'PUBLISH news It rains no more.' QUIT 'PUBLISH news never'
    exec {to_reader}>&-
    [ -z "$(timeout 10 cat <&"$from_reader")" ] || fail "the reader received more"
    exec {from_reader}<&-
    end_serving
done
