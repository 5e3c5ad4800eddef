# shellcheck shell=bash
# For test_<client>.sh: a program that uses one Redis client, against lined --handler kv. Sourced after serve.sh.
#
#   play PROGRAM...   runs the program twice: with a server that needs no password, and with one that does
#
# The program gets the arguments HOST, PORT and, the second time, PASSWORD. Its connections have the client's
# default settings. It tells by its exit status if all was as expected. While it runs, it writes requests to its
# standard output, each a line, and reads the line "done" for each:
#
#   stop    stop the server; its data is lost
#   start   start the server again, at the same address
#
# Other lines are for the log of the test. To see if the program itself is right, run it against redis-server:
#
#   KV_SERVER=redis-server test/test_hiredis.sh . build/test/lined build/test

: "${KV_SERVER:=lined}" "${root:?}" "${scratch:?}" "${log:?}"
[ "$KV_SERVER" = lined ] || need redis-server redis-cli

# A loopback address that no other test uses: so the port is still free between a stop and a start.
host=127.19.$(($$ / 256 % 256)).$(($$ % 256))
password='pass word'
player=
trap '[ -z "$player" ] || kill "$player" 2>/dev/null
      [ -z "$pid" ] || kill "$pid" 2>/dev/null
      rm -rf "$scratch"' EXIT

start_lined() { serve --ip "$host" --port "$port" --handler kv --quiet; }

start_redis() {
    redis-server --bind "$host" --port "$port" --requirepass "${LINED_KV_PASSWORD-}" --save '' --dir "$scratch" >"$log" &
    pid=$!
    until [[ $(redis-cli -h "$host" -p "$port" PING 2>/dev/null) =~ PONG|NOAUTH ]]; do
        kill -0 "$pid" 2>/dev/null || fail "redis-server does not start: $(<"$log")"
    done
}

start_server() {
    case $KV_SERVER in
    lined) start_lined ;;
    redis-server) start_redis ;;
    *) fail "KV_SERVER '$KV_SERVER': must be lined or redis-server" ;;
    esac
}

stop_server() {
    if [ "$KV_SERVER" = lined ]; then
        end_serving
    else
        kill "$pid"
        wait "$pid" || fail "redis-server exited with $?"
        pid=
    fi
}

answer_requests() { # REQUESTS REPLIES: the descriptors
    local request
    while IFS= read -r -t 120 -u "$1" request; do
        case $request in
        stop) stop_server ;;
        start) start_server ;;
        *) echo "$request" && continue ;;
        esac
        echo "done" >&"$2"
    done
    [ $? -le 128 ] || fail "the client's program does not go on: $(<"$scratch/complaints")"
}

play_once() { # PROGRAM ARGUMENT...
    local requests replies status=0
    start_server
    mkfifo "$scratch/replies"
    exec {requests}< <(exec "$@" <"$scratch/replies" 2>"$scratch/complaints")
    player=$!
    exec {replies}>"$scratch/replies"
    answer_requests "$requests" "$replies"
    wait "$player" || status=$?
    player=
    exec {requests}<&- {replies}>&-
    rm "$scratch/replies"
    [ "$status" -eq 0 ] || fail "the client's program exited with $status: $(<"$scratch/complaints")"
    stop_server
}

play() { # PROGRAM ARGUMENT...
    # A program that ends early reads no reply: so the reply fails, and not this script.
    trap '' PIPE
    unset LINED_KV_PASSWORD
    port=0
    start_lined # which finds a port
    end_serving
    play_once "$@" "$host" "$port"
    export LINED_KV_PASSWORD=$password
    play_once "$@" "$host" "$port" "$password"
}

# The same with a module of npm, if scripts/install-clients.sh has installed it.
play_in_node() { # MODULE PROGRAM
    export NODE_PATH=$root/build/clients/node_modules
    need node
    node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' || skip "node is older than version 20"
    [ -d "$NODE_PATH/$1" ] || skip "npm's $1 is not installed (scripts/install-clients.sh)"
    play node "$2"
}
