#!/usr/bin/env bash
# Real redis-cli and redis-benchmark against lined --handler kv: no error and no warning.
set -euo pipefail
root=$1 lined=$2
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need redis-cli redis-benchmark

complaints='error|WARNING|ERR'
serve --handler kv --quiet

cli() { redis-cli -h 127.0.0.1 -p "$port" "$@" 2>&1; }
expect() { # REPLY redis-cli's arguments
    local reply
    reply=$(cli "${@:2}") || fail "redis-cli ${*:2} failed: $reply"
    [ "$reply" = "$1" ] || fail "redis-cli ${*:2} says: $reply"
}
expect PONG PING
expect OK SET greeting "hello world" EX 100
expect "hello world" GET greeting
expect 100 TTL greeting
expect OK MSET one 1 three 3
expect $'1\n\n3' MGET one none three
expect 42 INCRBY answer 42
expect 4 DBSIZE
expect save CONFIG GET save
[[ $(cli GET) == *"ERR wrong number of arguments for 'get' command"* ]] || fail "GET alone is no error"

# Binary, by standard input: redis-cli -x; and what it prints is the value and a newline.
head -c 1048576 /dev/urandom >"$scratch/value"
[ "$(cli -x SET big <"$scratch/value")" = OK ] || fail "redis-cli cannot set a binary value"
cli GET big >"$scratch/answer"
{ cat "$scratch/value" && echo; } | cmp - "$scratch/answer" || fail "a binary value has changed"

# Mass insertion: redis-cli --pipe counts errors itself.
for ((i = 0; i < 1000; i++)); do echo "SET mass:$i $i"; done | cli --pipe >"$scratch/pipe" ||
    fail "redis-cli --pipe: $(cat "$scratch/pipe")"
grep -q 'errors: 0, replies: 1000' "$scratch/pipe" || fail "redis-cli --pipe: $(cat "$scratch/pipe")"

for pipeline in 1 16; do
    redis-benchmark -h 127.0.0.1 -p "$port" -t ping,set,get,incr,mset -n 20000 -c 50 \
        -P "$pipeline" >"$scratch/benchmark" 2>&1 ||
        fail "redis-benchmark -P $pipeline: $(tail -n 5 "$scratch/benchmark")"
    ! grep -E "$complaints" "$scratch/benchmark" || fail "redis-benchmark -P $pipeline complains"
    [ "$(grep -c 'requests completed' "$scratch/benchmark")" -eq 6 ] ||
        fail "redis-benchmark -P $pipeline did not run everything: $(cat "$scratch/benchmark")"
done
expect OK FLUSHALL
expect 0 DBSIZE
end_serving
