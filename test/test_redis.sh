#!/usr/bin/env bash
# Real redis-cli and redis-benchmark against lined --handler kv: no error and no warning.
set -euo pipefail
root=$1 lined=$2
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need redis-cli redis-benchmark

complaints='error|WARNING|ERR'
limits=(--kv-max-value 1M --kv-maxmemory 1G)
serve --handler kv --quiet "${limits[@]}"

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

# Its help has the commands of kv, by COMMAND DOCS.
[[ $(cli help get) == *"the value, or null"* ]] || fail "redis-cli has no help for GET: $(cli help get)"
[[ $(cli help @generic) == *GET*SETEX* ]] || fail "redis-cli does not list the commands: $(cli help @generic)"
cli help @string >"$scratch/help" || fail "redis-cli help @string ends with $?"

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

# Random commands: the same replies as from redis-server (test/differential).
differential() { # OPTIONS... REDIS LINED
    python3 -B "$root/test/differential" "$@" >"$scratch/differential"
}
redis_pids=()
start_redis() { # SOCKET redis-server's options; with the limits of lined below
    redis-server --port 0 --unixsocket "$1" --save '' --databases 1 --proto-max-bulk-len 1mb --maxmemory 1gb \
        --dir "$scratch" "${@:2}" >"$1.log" &
    redis_pids+=($!)
    until [[ $(redis-cli -s "$1" PING 2>&1) =~ PONG|NOAUTH ]]; do
        kill -0 $! 2>/dev/null || fail "redis-server does not start: $(cat "$1.log")"
    done
}
# kv has the replies of this version. Others differ, as in the texts of errors.
if ! command -v redis-server >/dev/null || ! command -v python3 >/dev/null; then
    echo "skipped: redis: random commands: redis-server or python3 is not installed"
elif [[ $(redis-server --version) != *" v=7.0."* ]]; then
    echo "skipped: redis: random commands: kv is compared with redis-server 7.0, this is $(redis-server --version)"
else
    trap '[ ${#redis_pids[@]} -eq 0 ] || kill "${redis_pids[@]}"; [ -z "$pid" ] || kill "$pid" 2>/dev/null
        rm -rf "$scratch"' EXIT
    start_redis "$scratch/redis.sock"
    differential --commands "${DIFFERENTIAL_COMMANDS:-20000}" --seed "${DIFFERENTIAL_SEED:-1}" \
        "$scratch/redis.sock" "127.0.0.1:$port" || fail "$(cat "$scratch/differential")"
    cat "$scratch/differential"

    # It can fail: a server with one command less is found. The differences that it allows are documented.
    start_redis "$scratch/planted.sock" --rename-command GETDEL ""
    status=0
    differential "$scratch/redis.sock" "$scratch/planted.sock" || status=$?
    [ "$status" -eq 1 ] || fail "differential has not found a command that is missing: $status"
    grep -q "^A difference at command" "$scratch/differential" || fail "differential does not show the difference"
    python3 -B "$root/test/differential" --allowed | while IFS= read -r row; do
        grep -qF -- "$row" "$root/docs/kv.md" || fail "docs/kv.md lacks an allowed difference: $row"
    done

    # With a password. The old lined ends first.
    end_serving
    start_redis "$scratch/closed.sock" --requirepass "pass word"
    LINED_KV_PASSWORD="pass word" serve --handler kv --quiet "${limits[@]}"
    differential --commands 5000 --password "pass word" "$scratch/closed.sock" \
        "127.0.0.1:$port" || fail "with a password: $(cat "$scratch/differential")"
    kill "${redis_pids[@]}"
    wait "${redis_pids[@]}" || true
    redis_pids=()
fi
end_serving
