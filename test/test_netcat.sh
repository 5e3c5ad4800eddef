#!/usr/bin/env bash
# Real netcat against a real lined.
set -euo pipefail
root=$1 lined=$2
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need nc

serve --max-line 1460
threads=$(count_threads) descriptors=$(count_descriptors)

reply=$(printf 'hello\n' | nc -N 127.0.0.1 "$port" && echo .)
[ "$reply" = $'Received: hello\n\n.' ] || fail "nc received: $reply"

reply=$("$root/scripts/talk.sh" 127.0.0.1 "$port" && echo .)
[ "$reply" = $'Received: hello\n\nReceived: world\n\n.' ] || fail "talk.sh received: $reply"

# Two clients at once, each with a line of its own.
printf 'one\n' | nc -N 127.0.0.1 "$port" >"$scratch/one" &
one=$!
printf 'two\n' | nc -N 127.0.0.1 "$port" >"$scratch/two"
wait "$one"
[ "$(cat "$scratch/one" "$scratch/two")" = $'Received: one\n\nReceived: two' ] ||
    fail "two clients received: $(cat "$scratch/one" "$scratch/two")"

await_counts "$threads" "$descriptors"
end_serving
[ "$(head -n 2 "$log")" = $'Incoming packet: "hello\\n"\nClient disconnected' ] ||
    fail "the log begins: $(head -n 2 "$log")"
[ "$(wc -l <"$log")" -eq 9 ] || fail "the log has $(wc -l <"$log") lines"
[[ $said == *"served 4 connections, 5 lines"* ]] || fail "lined said: $said"
