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

# Random commands: the same replies as from redis-server, in RESP2 and RESP3. Without INFO, because Redis samples
# avg_ttl at times of its own. Few different arguments, so that
# commands meet each other's keys. Each time of expiry has passed or is months ahead, and differs from the
# others by minutes.
forms='GET <key>|SET <key> <value>|SET <key> <value> <option>|SET <key> <value> <option> EX <seconds>
SET <key> <value> PX <ms> <option>|SET <key> <value> EX <wrong>|MSET <key> <value> <key> <value>|MGET <key> <key>
DEL <key>|DEL <key> <key>|EXISTS <key> <key>|INCR <key>|DECR <key>|INCRBY <key> <number>|EXPIRE <key> <seconds>
EXPIRE <key> <wrong>|TTL <key>|TTL <key>|ECHO <value>|PING|PING <value>|DBSIZE|FLUSHALL
CLIENT SETNAME <name>|CLIENT GETNAME|SELECT 0|SELECT 1|AUTH default x|AUTH <name> x|CONFIG GET save|nope <number>
DECRBY <key> <number>|SETEX <key> <seconds> <value>|SETEX <key> <wrong> <value>|PSETEX <key> <ms> <value>
SETNX <key> <value>|GETSET <key> <value>|GETDEL <key>|APPEND <key> <text>|STRLEN <key>|TYPE <key>|UNLINK <key> <key>
EXPIRE <key> <seconds> <option>|EXPIRE <key> <seconds> <option> <option>|PEXPIRE <key> <ms> <option>|PTTL <key>
PERSIST <key>|FLUSHDB|FLUSHDB nope|SET <key> <value> <option> <option>|PSETEX <key> <wrong> <value>
HELLO 4|COMMAND INFO nope|CLIENT nope|GET|SET <key>|EXPIRE <key>|HELLO 2 AUTH <name> x SETNAME'

requests() { # SEED; the last one is QUIT
    awk -v seed="$1" -v forms="$(tr '\n' '|' <<<"$forms")" '
        function any(list,    words, n) { n = split(list, words, " "); return words[1 + int(rand() * n)] }
        function seconds() { return 5000000 + 1000 * (i * 7919 % 4001) }
        function word(kind) {
            if (kind == "<key>") return any("a b c d")
            if (kind == "<value>") return any("1 -7 text 01 \"\" 9223372036854775807 \"\\xff\\r\\n\" a,b")
            if (kind == "<text>") return any("a \"\" 12 \"\\xfe\"")
            if (kind == "<wrong>") return any("0 -1 x 9223372036854775807 9223372036854776 1.5")
            if (kind == "<number>") return any("1 -1 10 0 9223372036854775807 -9223372036854775808 x 1.5")
            if (kind == "<name>") return any("me \"a\\x20b\" \"\" you")
            if (kind == "<option>") return any("NX XX nx GET KEEPTTL GT lt nope")
            return kind == "<ms>" ? seconds() * 1000 : seconds()
        }
        BEGIN {
            srand(seed)
            n = split(forms, form, "|") - 1
            for (i = 0; i < 4000; i++) {
                line = form[1 + int(rand() * n)]
                while (match(line, /<[a-z]+>/))
                    line = substr(line, 1, RSTART - 1) word(substr(line, RSTART, RLENGTH)) substr(line, RSTART + RLENGTH)
                print line "\r"
            }
            print "QUIT\r"
        }'
}
# Rounds times of expiry, because the two servers are asked at different times.
rounded() {
    awk '/^:[0-9]+\r$/ && substr($0, 2) + 0 >= 1000000 {
            n = substr($0, 2) + 0
            $0 = ":about " (n < 1000000000 ? int(n / 1000 + 0.5) : int(n / 1000000 + 0.5)) "\r"
        }
        { print }'
}
if command -v redis-server >/dev/null && command -v nc >/dev/null; then
    socket=$scratch/redis.sock
    redis-server --port 0 --unixsocket "$socket" --save '' --databases 1 --dir "$scratch" >"$scratch/redis.log" &
    redis=$!
    trap '[ -z "$redis" ] || kill "$redis"; [ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$scratch"' EXIT
    until [ "$(redis-cli -s "$socket" PING 2>/dev/null)" = PONG ]; do
        kill -0 "$redis" 2>/dev/null || fail "redis-server does not start: $(cat "$scratch/redis.log")"
    done
    for seed in 1 2 3; do
        for protocol in 2 3; do
            { printf 'FLUSHALL\r\nHELLO %s\r\nECHO marker\r\n' "$protocol" && requests "$seed"; } >"$scratch/requests"
            nc -U "$socket" <"$scratch/requests" | sed '1,/^marker/d' | rounded >"$scratch/redis"
            nc 127.0.0.1 "$port" <"$scratch/requests" | sed '1,/^marker/d' | rounded >"$scratch/lined"
            [ "$(wc -l <"$scratch/lined")" -gt 4000 ] || fail "few replies to random commands"
            cmp "$scratch/redis" "$scratch/lined" ||
                fail "seed $seed, RESP$protocol: $(diff "$scratch/redis" "$scratch/lined" | head -n 20)"
        done
    done
    kill "$redis"
    wait "$redis" || true
    redis=
else
    echo "not compared with redis-server: it or nc is not installed"
fi
end_serving
