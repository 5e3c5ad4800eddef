#!/usr/bin/env bash
# Injects faults: signals, errnos, memory, threads, clients, the log. Prints a table at the end. Exit status
# 1 if a reply was lost or a check has failed. docs/reliability.md describes each fault and the results.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root" || exit 1

usage="usage: scripts/torture.sh [--quick] [FAULT]...

Faults: drain accept threads each races hostile chat kv kill handover log reload disk; the default is all of them.
--quick   fewer times each: under two minutes, for .ci/run
planted   instead of a fault: plants bugs, and fails if a check does not find one"
quick=no faults=()
while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=yes ;;
    drain | accept | threads | each | races | hostile | chat | kv | kill | handover | log | reload | disk | planted) faults+=("$1") ;;
    *) echo "$usage" >&2 && exit 2 ;;
    esac
    shift
done
[ ${#faults[@]} -gt 0 ] || faults=(drain accept threads each races hostile chat kv kill handover log reload disk)

# times FULL QUICK
patience=120000 # milliseconds until clients must be served
times() { if [ $quick = yes ]; then echo "$2"; else echo "$1"; fi; }

scripts/install-deps.sh test && scripts/install-deps.sh torture || exit 1
for preset in test asan tsan helgrind; do
    scripts/configure.sh build/$preset --preset $preset || exit 1
    cmake --build --preset $preset -- --quiet || exit 1
done
plain_lined=$root/build/test/lined
lined=$plain_lined
tsan_lined=$root/build/tsan/lined
helgrind_lined=$root/build/helgrind/lined
libfault=$root/build/test/test/faults/libfault.so
clients=$root/build/test/test/torture/torture-clients
hostile=$root/build/test/test/torture/torture-hostile
crowd=$root/build/test/test/torture/torture-crowd
probe=$root/build/test/test/torture/torture-probe
each=$root/build/test/test/torture/torture-faults
handover=$root/build/test/test/torture/torture-handover
load=$root/build/test/src/load/lined-load

scratch=$(mktemp -d)
chmod 711 "$scratch" # the user nobody runs lined from there
# shellcheck source=test/torture/server.sh
. test/torture/server.sh
# shellcheck source=test/torture/races.sh
. test/torture/races.sh
# shellcheck source=test/torture/planted.sh
. test/torture/planted.sh

# shellcheck source=test/torture/reload.sh
. test/torture/reload.sh

# Ends everything that was started. A subshell ends its own server with the same trap.
# shellcheck disable=SC2317 # called by the trap
clean_up() {
    local children
    stop_server
    mapfile -t children < <(jobs -p)
    [ ${#children[@]} -eq 0 ] || kill "${children[@]}" 2>/dev/null
    wait 2>/dev/null
    [ "$BASHPID" != $$ ] || { umount "$scratch/disk" 2>/dev/null; rm -rf "$scratch"; }
}
trap clean_up EXIT
trap 'exit 130' INT TERM

rows=() failures=0
# row FAULT TIMES LOST VERDICT: the verdict is "good", or the failure.
row() {
    rows+=("| $1 | $2 | $3 | ${4//$'\n'/ } |")
    [[ $4 == good* ]] || failures=$((failures + 1))
    echo "$1: $2 times, $3 lost: $4" >&2
}

# The number of lost replies in the output of clients.
lost_in() { grep -o 'lost=[0-9]*' <<<"$1" | awk -F= '{ sum += $2 } END { print sum + 0 }'; }

# ---- 1: drain ----

# In turns: with a log, without a log, and in active mode.
drain_options=("" "--quiet" "--mode active")
torture_drain() {
    local rounds lost=0 doubled=0 torn=0 lines=0 slowest=0 bad='' line option=() after
    rounds=$(times 200 20)
    for ((i = 0; i < rounds; i++)); do
        read -ra option <<<"${drain_options[i % 3]}"
        after=$((RANDOM % 150))
        serve --drain-timeout 2 "${option[@]}" || bad="$said"
        line=$("$clients" --port "$port" --drain "$process" --after $after --deadline 2000 --late 5) ||
            bad="after $after ms, ${option[*]}: $line"
        end_serving || bad="exit status $?, after $after ms, ${option[*]}: $said"
        lost=$((lost + $(figure lost "$line"))) doubled=$((doubled + $(figure doubled "$line")))
        torn=$((torn + $(figure torn "$line"))) lines=$((lines + $(figure answered "$line")))
        [ "$(figure exit_ms "$line")" -le "$slowest" ] || slowest=$(figure exit_ms "$line")
    done
    row "SIGTERM under 50 busy clients, 5 more not accepted yet" "$rounds" "$lost" \
        "${bad:-good: $lines replies, $doubled doubled, $torn torn, slowest exit $slowest ms}"
}

# ---- 2: accept ----

retryable="EINTR EAGAIN ECONNABORTED EPROTO ENETDOWN ENETUNREACH EHOSTDOWN EHOSTUNREACH ENONET
ENOPROTOOPT EOPNOTSUPP EPERM ETIMEDOUT ENOSR ESOCKTNOSUPPORT EPROTONOSUPPORT EMFILE ENFILE ENOBUFS
ENOMEM"

# serve_slowly CLIENTS OPTION...: all must be served in the end, and lined must sleep in the meantime. Clients
# stay for some time, so that the CPU time of serving them on a slow machine does not look like spinning.
# Prints the failure, or nothing, and writes the CPU time in percent to $scratch/cpu.
serve_slowly() {
    local ticks began line us
    ticks=$(count_ticks) began=${EPOCHREALTIME/[!0-9]/}
    line=$("$clients" --port "$port" --clients "$@" --timeout "$patience") || echo "$line"
    us=$((${EPOCHREALTIME/[!0-9]/} - began)) ticks=$(($(count_ticks) - ticks))
    # One tick more is the precision of Linux.
    [ $((ticks * 10000)) -le $((us / 50 + 10000)) ] || echo "CPU: $ticks ticks in $us us"
    awk -v t="$ticks" -v u="$us" 'BEGIN { printf "%.1f\n", t * 1000000 / u }' >>"$scratch/cpu"
}

accept_fails() { # ERRNO TIMES
    trap clean_up EXIT
    plant FAULT_CALL=accept4 FAULT_ERRNO="$1" FAULT_FIRST="$2"
    arm
    serve --quiet || echo "$1: $said"
    serve_slowly 20 --lines 5 --hold 2000
    [ "$(count_fired)" -eq "$2" ] || echo "$1 was injected $(count_fired) times, not $2"
    end_serving || echo "$1: exit status $?: $said"
}

torture_accept() {
    local rounds bad waiting=()
    rounds=$(times 100 40)
    : >"$scratch/cpu"
    # They sleep most of the time, so they run in parallel.
    for errno in $retryable; do
        (accept_fails "$errno" "$rounds") >"$scratch/accept.$errno" &
        waiting+=($!)
    done
    wait "${waiting[@]}"
    bad=$(cat "$scratch"/accept.*)
    row "each of 20 errnos of accept, 20 clients" "$rounds each" "$(lost_in "$bad")" \
        "${bad:-good: all served, CPU $(sort -n "$scratch/cpu" | tail -n 1) % at most}"

    # The limit is set too high on purpose: by default lined stays below the limit of the system.
    wrapper=(prlimit --nofile=64:64)
    : >"$scratch/cpu"
    serve --quiet --max-connections 1000 || row "prlimit --nofile=64" 0 "-" "$said"
    bad=$(serve_slowly 200 --lines 5 --hold "$(times 3000 1000)")
    end_serving || bad+="exit status $?: $said"
    wrapper=()
    row "prlimit --nofile=64, 200 clients that stay" 1 "$(lost_in "$bad")" "${bad:-good: all served, CPU $(<"$scratch/cpu") %}"
}

# ---- 3: threads ----

# Runs clients that connect again when they are closed. Prints a failure if lined leaks something.
serve_and_compare() { # CLIENTS OPTION...
    local threads descriptors kb bad
    threads=$(count_threads) descriptors=$(count_descriptors) kb=$(resident_kb)
    serve_slowly "$@" --retry
    await_counts "$threads" "$descriptors" ||
        echo "$(count_threads) threads and $(count_descriptors) descriptors stay, of $threads and $descriptors"
    [ "$(resident_kb)" -le $((kb + 2048)) ] || echo "$(resident_kb) KB at the end, $kb before"
}

expect_connections() { # NUMBER
    [[ $said == *"served $1 connections,"* ]] || echo "of $1 clients: $said"
}

torture_threads() {
    local rounds bad
    rounds=$(times 1000 50)
    plant FAULT_CALL=pthread_create FAULT_ERRNO=EAGAIN FAULT_FIRST="$rounds"
    serve --quiet || bad=$said
    arm
    bad=$(serve_and_compare 20 --lines 5 --hold 2000)
    [ "$(count_fired)" -eq "$rounds" ] || bad+="it failed $(count_fired) times"
    end_serving || bad+="exit status $?"
    bad+=$(expect_connections 20)
    settings=()
    row "pthread_create: EAGAIN" "$rounds" "$(lost_in "$bad")" "${bad:-good: all served, nothing leaked}"

    if [ "$(id -u)" -ne 0 ]; then
        echo "skipped: prlimit --nproc, which needs root to become user nobody" >&2
        return
    fi
    install -m 755 "$lined" "$scratch/lined"
    lined=$scratch/lined
    wrapper=(setpriv --reuid 65534 --regid 65534 --clear-groups prlimit --nproc=24:24)
    serve --quiet --max-connections 1000 || bad=$said
    bad=$(serve_and_compare 60 --lines 5 --hold 1000)
    end_serving || bad+="exit status $?: $said"
    [[ $said == *"thread: "* ]] || bad+="no thread was refused"
    bad+=$(expect_connections 60)
    lined=$plain_lined wrapper=()
    row "prlimit --nproc=24 as user nobody, 60 clients" 1 "$(lost_in "$bad")" "${bad:-good: all served, nothing leaked}"
}

# ---- 4: each call once ----

torture_each() {
    local most said number harm waiting=()
    most=$(times 0 2)
    # each_of BUILD MOST CALL OPTION... They wait for threads to end most of the time, so they run in parallel.
    each_of() {
        "$each" "$root/build/$1/lined" "$libfault" "$2" "$3" --no-sandbox "${@:4}" | tee -a "$scratch/each" >&2 &
        waiting+=($!)
    }
    : >"$scratch/each"
    each_of asan 0 alloc
    each_of asan 0 alloc --mode active
    each_of test "$most" all
    each_of test "$most" all --mode active
    [ $quick = yes ] || each_of asan 0 all
    wait "${waiting[@]}"
    number=$(awk '/ faults, / { sum += $2 } END { print sum + 0 }' "$scratch/each")
    harm=$(awk '/ faults, / { sum += $4 } END { print sum + 0 }' "$scratch/each")
    said="good: no crash, leak or hang; the next client served"
    [ "$harm" -eq 0 ] && [ "$number" -gt 100 ] || said="$harm did harm"
    row "each allocation and socket call fails once, each errno" "$number" "-" "$said"
}

# ---- 8: hostile load ----

torture_hostile() {
    local drips deaf resets seconds bad='' csv p99 worst=0 threads descriptors start memory kb times second
    drips=$(times 4000 500) deaf=$(times 200 50) resets=$(times 20000 5000) seconds=$(times 8 4)
    times=$(times 10 3)
    serve --quiet || bad=$said
    threads=$(count_threads) descriptors=$(count_descriptors) start=$(resident_kb) memory=$start
    for ((i = 1; i <= times; i++)); do
        "$hostile" "$port" "$drips" "$deaf" "$resets" "$seconds" >"$scratch/hostile" &
        sleep 1 # they gather
        csv=$("$load" --csv --port "$port" -c 1 -o 1 -d $((seconds - 2))) || bad+="the good client failed;"
        wait $! || bad+="$(<"$scratch/hostile");"
        p99=$(cut -d, -f6 <<<"$csv")
        worst=$(printf '%s\n%s\n' "$worst" "$p99" | sort -g | tail -n 1)
        await_counts "$threads" "$descriptors" ||
            bad+="$(count_threads) threads and $(count_descriptors) descriptors stay;"
        # The C library keeps some memory after the first two bursts. Later bursts must not add to it.
        kb=$(resident_kb) memory+=", $kb"
        [ $i -gt 2 ] || second=$kb
        [ "$kb" -le $((start + 16384)) ] || bad+="memory stays: $memory KB;"
        [ "$kb" -le $((second + 1024)) ] || bad+="memory grows: $memory KB;"
    done
    end_serving || bad+="exit status $?: $said"
    awk -v p99="$worst" 'BEGIN { exit !(p99 > 0 && p99 < 50000) }' || bad+="p99 $worst us"
    row "$drips drip, $deaf never read, $resets reset, in $seconds s" "$times" "-" \
        "${bad:-good: p99 of a good client $worst us, memory $memory KB}"
}

# ---- hostile members of a chat, hostile clients of kv ----

# During each, a good client sends lines and gets replies all the time. A stop takes at most the drain
# timeout plus one second.
drain_seconds=5
stop_ms_max=$((drain_seconds * 1000 + 1000))

# $figures has the results of the good client, $stopped the duration of the stop, and $bad the failure.
probe_for() { # SECONDS LINE REPLY
    local line
    line=$("$probe" "$port" "$@") || bad+="the good client: $line;"
    figures+="${figures:+, }$(figure p99_us "$line")"
}

stop_and_time() { # STATUS
    local began=${EPOCHREALTIME/[!0-9]/} status=0
    end_serving || status=$?
    stopped=$(((${EPOCHREALTIME/[!0-9]/} - began) / 1000))
    [ $status -eq "$1" ] || bad+="exit status $status: $said;"
    [ "$stopped" -le $stop_ms_max ] || bad+="the stop took $stopped ms;"
}

# Members of a chat. All have joined when it returns. They end with the server.
join_members() { # COUNT
    "$crowd" "$port" members "$1" >"$scratch/members" &
    for ((tries = 0; tries < 6000; tries++)); do
        ! grep -q joined "$scratch/members" || return 0
        sleep 0.02
    done
    bad+="$1 members did not join in two minutes;"
}

say_none=(/none "* There are /nick NAME, /who and /quit.")
torture_chat() {
    local mode members seconds bad figures stopped
    members=$(times 2000 300) seconds=$(times 10 2)
    for mode in passive active; do
        bad='' figures=''
        serve --quiet --handler chat --mode $mode --drain-timeout $drain_seconds || bad=$said
        join_members 100
        "$crowd" "$port" resets "$seconds" >"$scratch/resets" &
        probe_for "$seconds" "${say_none[@]}"
        wait $! || bad+="resets: $(<"$scratch/resets");"
        "$crowd" "$port" flood 4300000 >"$scratch/flood" &
        probe_for "$seconds" "${say_none[@]}"
        wait $! || bad+="flood: $(<"$scratch/flood");"
        stop_and_time 0
        wait
        row "chat, $mode, 100 members: $(figure resets "$(<"$scratch/resets")") resets; $(figure flooded "$(<"$scratch/flood")") bytes of short lines and a reset" \
            1 "-" "${bad:-good: p99 of a good client $figures us, stop in $stopped ms}"
    done
    bad=''
    serve --quiet --handler chat --drain-timeout $drain_seconds || bad=$said
    join_members "$members"
    stop_and_time 0
    wait
    [[ $said == *'"connections_cut":0,'* ]] || bad+="members were cut;"
    row "chat, $members silent members: SIGTERM" 1 "-" "${bad:-good: none cut, stop in $stopped ms}"
}

torture_kv() {
    local bad='' figures='' stopped kb start values seconds
    values=$(times 1000000 100000) seconds=$(times 20 3)
    serve --quiet --handler kv --drain-timeout $drain_seconds || bad=$said
    "$crowd" "$port" mget "$(times 20 3)" >"$scratch/mget" &
    probe_for "$seconds" PING +PONG
    wait $! || bad+="mget: $(<"$scratch/mget");"
    stop_and_time 0
    row "kv: a value of 1 MiB is asked for 512 times, and a reset" "$(times 20 3)" "-" \
        "${bad:-good: p99 of a good client $figures us, stop in $stopped ms}"

    bad='' figures=''
    serve --quiet --handler kv --drain-timeout $drain_seconds || bad=$said
    start=$(resident_kb)
    "$crowd" "$port" exec "$(times 20 3)" >"$scratch/exec" &
    probe_for "$seconds" PING +PONG
    wait $! || bad+="exec: $(<"$scratch/exec");"
    kb=$(resident_kb)
    [ "$kb" -le $((start + 102400)) ] || bad+="$kb KB after, $start before;"
    stop_and_time 0
    row "kv: 50,000 times COMMAND in a transaction, and a reset at its first reply" "$(times 20 3)" "-" \
        "${bad:-good: $kb KB then, $start KB before; p99 of PING $figures us; stop in $stopped ms}"

    bad='' figures=''
    serve --quiet --handler kv --drain-timeout $drain_seconds || bad=$said
    start=$(resident_kb)
    "$crowd" "$port" expire 600 1000000 500 >"$scratch/expire" || bad+="expire: $(<"$scratch/expire");"
    for ((tries = 0; tries < 100; tries++)); do
        kb=$(resident_kb)
        [ "$kb" -gt $((start + 20480)) ] || break
        sleep 0.02
    done
    [ "$tries" -lt 100 ] || bad+="$kb KB two seconds after, $start before;"
    "$crowd" "$port" expire "$values" 10 3600000 >"$scratch/expire" || bad+="expire: $(<"$scratch/expire");"
    "$probe" "$port" "$seconds" DBSIZE ":$values" >"$scratch/dbsize" &
    probe_for "$seconds" PING +PONG
    wait $! || bad+="DBSIZE: $(<"$scratch/dbsize");"
    figures+=" us, of DBSIZE $(figure p99_us "$(<"$scratch/dbsize")")"
    stop_and_time 0
    row "kv: 600 values of 1 MB expire; $values keys that will" 1 "-" \
        "${bad:-good: $kb KB then, $start KB before; p99 of PING $figures us; stop in $stopped ms}"
}

# ---- 9: kill -9 ----

torture_kill() {
    local rounds bad='' use_port line
    rounds=$(times 100 20)
    # Outside of the range of the clients' local ports: no client may take this port in the meantime.
    use_port=$((20000 + RANDOM % 10000))
    until serve --quiet; do use_port=$((20000 + RANDOM % 10000)); done
    for ((i = 0; i < rounds; i++)); do
        "$clients" --port "$port" --clients 50 --lines 1000000 --timeout 10000 >/dev/null &
        line=$("$clients" --port "$port" --clients 20 --lines 20) || bad+="$line;"
        kill -KILL "$process"
        wait "$pid" $! 2>/dev/null
        serve --quiet || { bad+="round $i: $said;" && break; }
    done
    end_serving || bad+="exit status $?: $said"
    row "kill -9 and restart on the same port, 70 clients" "$rounds" "-" "${bad:-good: it listens each time}"
}

# ---- a new server in place of the old one ----

# hand_over NAME ALLOWED COMMAND...: ALLOWED is a pattern for the numbers of refused and unanswered clients.
hand_over() {
    local rounds line bad='' name="a new server under 64 connecting clients, $1" lost
    rounds=$(times 20 5)
    line=$("${@:3}" "$lined" "$rounds" 100 2>&1) || bad=$line
    lost="$(figure refused "$line") refused, $(figure unanswered "$line") unanswered"
    # shellcheck disable=SC2053 # a pattern
    [[ $lost == $2 ]] || bad+="$line"
    row "$name" "$rounds" "$(figure unanswered "$line")" "${bad:-good: $(figure connections "$line") connections, $lost}"
}

torture_handover() {
    # shellcheck disable=SC2016 # the inner shell expands it
    local with_migrate=(unshare --net sh -c
        'ip link set lo up && echo "$1" >/proc/sys/net/ipv4/tcp_migrate_req && shift && exec "$@"' -)
    hand_over "inherited socket" "0 refused, 0 unanswered" "$handover" inherited
    if ! "${with_migrate[@]}" 1 true 2>/dev/null; then
        echo "skipped: --reuse-port, which needs a network namespace and tcp_migrate_req" >&2
        return
    fi
    hand_over "--reuse-port, tcp_migrate_req=0" "*" "${with_migrate[@]}" 0 "$handover" reuse-port
    hand_over "--reuse-port, tcp_migrate_req=1" "* 0 unanswered" "${with_migrate[@]}" 1 "$handover" reuse-port
}

# ---- 10: the log ----

# log_fault NAME LINES_LOGGED: there must be no effect on clients. With a number, the log must have that many lines.
log_fault() {
    local line status=0 expected=0
    [ "$2" = whole ] || expected=3 # lines are lost
    serve || { echo "$1: $said" && return; }
    line=$("$clients" --port "$port" --clients 5 --lines 200) || echo "$1: $line"
    end_serving || status=$?
    [ $status -eq $expected ] || echo "$1: exit status $status: $said"
    [ "$2" = whole ] || [[ $said == *"the packet log "@("has ended"|"is tried again")* ]] || echo "$1: was not injected: $said"
    # The lines of the clients, and their ends.
    [ "$2" = any ] || [ "$(grep -c -v -x -E 'Incoming packet: "client [0-9]+ line [0-9]+ [a-z]+\\n"|Client disconnected' "$log")$(wc -l <"$log")" = 01005 ] ||
        echo "$1: the log is not complete"
}

torture_log() {
    local rounds bad=''
    rounds=$(times 100 10)
    # log_faults NAME any|whole SETTING...
    log_faults() {
        for ((i = 0; i < rounds; i++)); do
            [ $# -eq 2 ] || { plant "${@:3}" FAULT_CALL=write && arm; }
            log_fault "$1" "$2"
            [ $# -eq 2 ] || [ "$(count_fired)" -gt 0 ] || echo "$1: was not injected"
        done
        settings=()
    }
    bad+=$(log_to=/dev/full log_faults ENOSPC any)
    bad+=$(log_to=>(:) log_faults EPIPE any)
    bad+=$(log_faults EIO whole FAULT_ERRNO=EIO FAULT_AT=1)
    bad+=$(log_faults EINTR whole FAULT_ERRNO=EINTR FAULT_AT=1 FAULT_EVERY=2)
    bad+=$(log_faults EAGAIN whole FAULT_ERRNO=EAGAIN FAULT_AT=1 FAULT_EVERY=2)
    bad+=$(log_faults "half a write" whole FAULT_HOW=half FAULT_AT=1 FAULT_EVERY=2)
    row "the log: ENOSPC, EPIPE, EIO, EINTR, EAGAIN, half writes" "$rounds each" "$(lost_in "$bad")" \
        "${bad:-good: no client noticed; the last four logs were whole}"
}

for fault in "${faults[@]}"; do
    "torture_$fault"
done
echo
echo "| fault | times | lost replies | verdict |"
echo "|---|---|---|---|"
printf '%s\n' "${rows[@]}"
[ $failures -eq 0 ]
