#!/usr/bin/env bash
# A simple load: rounds of dd from /dev/zero into a line server.
set -uo pipefail

usage="Usage: scripts/load-dd.sh [-h HOST] [-p PORT] [-b BS] [-c COUNT_PER_CLIENT] [-j CLIENTS]
                          [-n ROUNDS] [--read-back]

Each round starts CLIENTS clients (default 1), and each of them does
  dd if=/dev/zero bs=BS count=COUNT status=progress > /dev/tcp/HOST/PORT
with the defaults 127.0.0.1, 1234, 4M and 1. Without -n it goes on until Ctrl-C.

--read-back reads the replies while dd writes, and checks that they have as many bytes as the
protocol owes. Then every line counts as answered only when its reply has come; without it, clients
never read, as dd does. LINED_MAX_LINE is the server's --max-line where it is not 1460.

At the end: rounds, bytes, MB/s and failures. Exit status 1 if any client failed, 2 for bad usage."

host=127.0.0.1 port=1234 size=4M count=1 clients=1 rounds=0 read_back=no
max_line=${LINED_MAX_LINE:-1460}

fail_usage() {
    echo "load-dd: $1 (try 'scripts/load-dd.sh --help')" >&2
    exit 2
}

want_number() { # OPTION VALUE
    [[ $2 =~ ^[1-9][0-9]{0,8}$ ]] || fail_usage "$1 '$2': must be a number above 0"
}

while [ $# -gt 0 ]; do
    case $1 in
    --help)
        echo "$usage"
        exit 0
        ;;
    --read-back)
        read_back=yes
        shift
        continue
        ;;
    -[hpbcjn]) [ $# -ge 2 ] || fail_usage "$1 needs a value" ;;
    *) fail_usage "unknown option '$1'" ;;
    esac
    case $1 in
    -h) host=$2 ;;
    -p)
        want_number "$1" "$2"
        [ "$2" -le 65535 ] || fail_usage "$1 '$2': must be a port from 1 to 65535"
        port=$2
        ;;
    -b) [[ $2 =~ ^[1-9][0-9]{0,8}[KMG]?$ ]] || fail_usage "-b '$2': must be bytes, such as 1460, 64K or 4M" && size=$2 ;;
    -c) want_number "$1" "$2" && count=$2 ;;
    -j) want_number "$1" "$2" && clients=$2 ;;
    -n) want_number "$1" "$2" && rounds=$2 ;;
    esac
    shift 2
done
want_number LINED_MAX_LINE "$max_line"

case $size in
*K) unit=1024 ;;
*M) unit=$((1024 * 1024)) ;;
*G) unit=$((1024 * 1024 * 1024)) ;;
*) unit=1 ;;
esac
client_bytes=$((${size%[KMG]} * unit * count))

# Zeros have no LF: each max_line of them are a line, and the rest gets no reply. A reply is the line with
# "Received: " before it and an LF after it.
pieces=$((client_bytes / max_line))
owed=$((pieces * (max_line + 11)))

# EPOCHREALTIME has the decimal sign of the locale; its digits are microseconds.
now_us() { echo "${EPOCHREALTIME//[!0-9]/}"; }

# The client has all its replies: time after this point does not count in the MB/s.
note_end() { now_us >"$counts/end.$BASHPID"; }

# Both shells become dd, so that a SIGTERM for the background job reaches dd.
write_zeros() { exec dd if=/dev/zero bs="$size" count="$count" status=progress; }

# In large pieces, because reading takes CPU time from the measured server. At its end dd prints the
# number of bytes.
read_replies() { LC_ALL=C exec dd of=/dev/null bs=256K iflag=fullblock,count_bytes count="$owed"; }

# Each client is a separate shell.
client() {
    trap 'kill $(jobs -p) 2>/dev/null; exit 1' TERM
    if [ $read_back = no ]; then
        write_zeros >"/dev/tcp/$host/$port" &
        wait $! && note_end
        return
    fi
    exec 3<>"/dev/tcp/$host/$port" || return 1
    write_zeros >&3 &
    local writer=$! said="$counts/said.$BASHPID" received
    read_replies <&3 2>"$said" &
    wait $! && wait "$writer" || return 1
    note_end
    received=$(sed -n 's/ byte.*//p' "$said")
    if [ "${received:-0}" -ne "$owed" ]; then
        echo "load-dd: received ${received:-0} bytes, expected $owed" >&2
        return 1
    fi
    # The server must send nothing more, so a timeout of this wait is a success.
    if IFS= read -r -t 0.1 -n 1 -u 3; then
        echo "load-dd: received more than the expected $owed bytes" >&2
        return 1
    fi
}

counts=$(mktemp -d) || exit 1
trap 'rm -rf "$counts"' EXIT
done_rounds=0 bytes=0 failures=0 us=0 stopping=no pids=()

summary() {
    echo "load-dd: $done_rounds rounds, $bytes bytes, $((bytes / (us > 0 ? us : 1))) MB/s, $failures failures"
    [ "$failures" -eq 0 ]
    exit
}

# shellcheck disable=SC2317 # called by the trap
stop() {
    stopping=yes
    jobs -p | xargs -r kill 2>/dev/null
}
trap stop INT TERM

while [ $stopping = no ] && { [ "$rounds" -eq 0 ] || [ "$done_rounds" -lt "$rounds" ]; }; do
    pids=() failed=0 began=$(now_us)
    for ((i = 0; i < clients; i++)); do
        [ $stopping = no ] || break
        client &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do
        if wait "$pid"; then
            bytes=$((bytes + client_bytes))
        else
            failed=$((failed + 1))
        fi
    done
    ended=$(cat "$counts"/end.* 2>/dev/null | sort -n | tail -n 1)
    us=$((us + ${ended:-$(now_us)} - began))
    rm -f "$counts"/end.*
    [ $stopping = no ] || break # a round that was interrupted has not failed
    failures=$((failures + failed))
    done_rounds=$((done_rounds + 1))
    # Without a server, do not spin.
    [ $failed -lt "$clients" ] || sleep 1
done
summary
