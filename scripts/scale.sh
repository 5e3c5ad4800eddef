#!/usr/bin/env bash
# Several lined behind Debian's HAProxy, and a rolling restart of them under clients that check each reply:
# scripts/scale.sh [--servers N] [--clients N] [--lines N] [--rounds N] [--break SETTING]
#
# HAProxy checks the health of each lined and passes the client's address by PROXY v2, where lined has --admin and
# --proxy-protocol; else it checks the port, and passes no address. A quarter of the clients have a connection for
# each line. The others send their lines in pipelines, and send the lines without a reply again on the next
# connection. Expected are: every reply once, no short connection without its reply, and as many lines handled by
# the servers as replies received, so that a line without a reply was not handled.
#
# --break SETTING   shows that this promise needs HAProxy not to cut: "shutdown" ends the sessions by the command
#                   "shutdown sessions server", "marked-down" by the option on-marked-down shutdown-sessions. Then
#                   the exit status is 0 if handled lines have lost their replies.
# docs/operations.md, "Many machines", explains the settings.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit

usage="usage: scripts/scale.sh [--servers N] [--clients N] [--lines N] [--rounds N] [--break shutdown|marked-down]"
servers=3 clients=48 lines=200000 rounds=2 broken=no
while [ $# -gt 0 ]; do
    case $1:${2-} in
    --servers:[1-9]* | --clients:[1-9]* | --lines:[1-9]* | --rounds:[1-9]*) printf -v "${1#--}" %s "$2" ;;
    --break:shutdown | --break:marked-down) broken=$2 ;;
    *) echo "$usage" >&2 && exit 2 ;;
    esac
    shift 2
done
scripts/install-deps.sh test scale && scripts/configure.sh build/test --preset test &&
    cmake --build --preset test -- --quiet || exit
lined=${TEST_LINED:-build/test/lined} torture_clients=build/test/test/torture/torture-clients

scratch=$(mktemp -d)
declare -a pids=()
proxy=''
clean_up() {
    [ -z "$proxy" ] || kill "$proxy" 2>/dev/null
    [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null
    wait
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
fail() {
    echo "FAILED: scale: $1" >&2
    exit 1
}
help=$("$lined" --help)
has_option() { [[ $help == *" $1 "* ]]; }

# Ports below the range that the kernel gives to clients: no connection takes one while its lined restarts.
first_port=$((20000 + RANDOM % 9000))
front=$first_port
port_of() { echo $((first_port + 2 * $1)); }
admin_of() { echo $((first_port + 2 * $1 + 1)); }
options=(--quiet --drain-timeout 10)
! has_option --proxy-protocol || options+=(--proxy-protocol v2 --proxy-from 127.0.0.0/8)

# ---- lined ----

start_server() { # NUMBER
    local admin=()
    ! has_option --admin || admin=(--admin "127.0.0.1:$(admin_of "$1")")
    : >"$scratch/said.$1"
    "$lined" --port "$(port_of "$1")" "${options[@]}" "${admin[@]}" >/dev/null 2>>"$scratch/said.$1" &
    pids[$1]=$!
    for ((tries = 0; tries < 500; tries++)); do
        ! grep -q '^lined: at most' "$scratch/said.$1" || return 0
        sleep 0.02
    done
    fail "lined $1 does not start: $(<"$scratch/said.$1")"
}

# Its lines go to the sum.
handled=0
stop_server() { # NUMBER
    local status=0 figure
    kill -TERM "${pids[$1]}"
    wait "${pids[$1]}" || status=$?
    unset "pids[$1]"
    [ $status -eq 0 ] || [ "$broken" != no ] || fail "lined $1 ends with $status: $(<"$scratch/said.$1")"
    figure=$(sed -n 's/^{.*"lines":\([0-9]*\).*/\1/p' "$scratch/said.$1")
    handled=$((handled + figure))
}

# ---- HAProxy ----

write_config() {
    local check=check server marked=''
    ! has_option --proxy-protocol || server="send-proxy-v2"
    [ "$broken" != marked-down ] || marked='on-marked-down shutdown-sessions'
    cat <<END
global
    stats socket $scratch/haproxy.sock mode 600 level admin
    maxconn 4000
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    # A server that refuses a connection, because it restarts: another one takes the client.
    retries 3
    option redispatch 1
frontend lines
    bind 127.0.0.1:$front
    default_backend lined
backend lined
    balance leastconn
    $(! has_option --admin || echo option httpchk GET /readyz)
    default-server $check inter 200ms fall 2 rise 1 ${server-} $marked
END
    for ((i = 1; i <= servers; i++)); do
        echo "    server lined$i 127.0.0.1:$(port_of "$i")$(! has_option --admin || echo " port $(admin_of "$i")")"
    done
}
ask_proxy() { nc -NU "$scratch/haproxy.sock" <<<"$1"; }
# The fields that "show stat" has for a server: status, and connections without an end.
server_field() { # NUMBER NAME
    ask_proxy "show stat" | awk -F, -v server="lined$1" -v name="$2" '
        NR == 1 { for (i = 1; i <= NF; i++) column[$i] = i }
        $1 == "lined" && $2 == server { print $column[name] }'
}
await_status() { # NUMBER STATUS
    for ((tries = 0; tries < 500; tries++)); do
        [[ $(server_field "$1" status) != "$2"* ]] || return 0
        sleep 0.02
    done
    fail "lined$1 is $(server_field "$1" status) in HAProxy, not $2"
}

# HAProxy gives it no new connections; those that it has given are served to their end, or, after a second, by the
# drain of lined.
restart_server() { # NUMBER
    case $broken in
    no | marked-down) ask_proxy "set server lined/lined$1 state drain" >/dev/null ;;
    shutdown) ask_proxy "set server lined/lined$1 state maint; shutdown sessions server lined/lined$1" >/dev/null ;;
    esac
    sleep 1
    [ "$broken" != marked-down ] || ask_proxy "set server lined/lined$1 state maint" >/dev/null
    stop_server "$1"
    start_server "$1"
    ask_proxy "set server lined/lined$1 state ready" >/dev/null
    await_status "$1" UP
}

# ---- the clients, and the restarts under them ----

for ((i = 1; i <= servers; i++)); do start_server "$i"; done
write_config >"$scratch/haproxy.cfg"
haproxy -c -q -f "$scratch/haproxy.cfg" || fail "HAProxy rejects its configuration"
haproxy -db -f "$scratch/haproxy.cfg" >"$scratch/proxy" 2>&1 &
proxy=$!
for ((tries = 0; tries < 500; tries++)); do
    [ ! -S "$scratch/haproxy.sock" ] || break
    sleep 0.02
done
for ((i = 1; i <= servers; i++)); do await_status "$i" UP; done

"$torture_clients" --port "$front" --clients "$clients" --short $((clients / 4)) --lines "$lines" --reconnect \
    --timeout 600000 >"$scratch/figures" &
crowd=$!
restarts=0
for ((round = 0; round < rounds; round++)); do
    for ((i = 1; i <= servers; i++)); do
        restart_server "$i"
        [ ! -e "/proc/$crowd/exe" ] || restarts=$((restarts + 1))
    done
done
wait $crowd
verdict=$?
for ((i = 1; i <= servers; i++)); do stop_server "$i"; done

figures=$(<"$scratch/figures")
figure() { sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" <<<"$figures"; }
echo "scale: $servers lined, $restarts restarts under clients: $figures handled=$handled"
unanswered=$((handled - $(figure answered)))
if [ "$broken" != no ]; then
    [ $unanswered -gt 0 ] || fail "--break $broken: no handled line has lost its reply"
    echo "scale: --break $broken: $unanswered handled lines have no reply"
    exit 0
fi
[ $verdict -eq 0 ] || fail "the clients are not content"
[ $unanswered -eq 0 ] || fail "$unanswered lines were handled without a reply"
[ $restarts -ge "$servers" ] || fail "the clients have ended before each lined was restarted: use more --lines"
