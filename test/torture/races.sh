# shellcheck shell=bash
# Fault 5 of scripts/torture.sh, which sources this: connections come and go under the tools that see
# races, and under a close that takes long. The variables are its own.
# shellcheck disable=SC2034,SC2154

# Clients come and go, in rounds; some are there when the server drains.
come_and_go() { # ROUNDS CLIENTS
    local line
    for ((i = 0; i < $1; i++)); do
        line=$("$clients" --port "$port" --clients "$2" --lines 3 --timeout "$patience") || echo "$line"
    done
    line=$("$clients" --port "$port" --drain "$process" --clients 20 --after 100 --deadline 100000 \
        --timeout "$patience") || echo "$line"
}

# A run of a tool. REPORT is the text in its output that is a finding.
race() { # NAME REPORT ROUNDS CLIENTS OPTION...
    local bad
    serve "${@:5}" || bad=$said
    bad=$(come_and_go "$3" "$4")
    end_serving || bad+="exit status $?: ${said:0:4000}"
    [[ $said != *$2* ]] || bad+="${said:0:4000}"
    row "$1" "$(($3 * $4 + 20)) connections" "$(lost_in "$bad")" "${bad:-good: no report, no suppressions}"
}

race_tsan() {
    local rounds
    rounds=$(times 50 3)
    lined=$tsan_lined settings=("TSAN_OPTIONS=exitcode=66")
    race "thread sanitizer" ThreadSanitizer "$rounds" 200
    race "thread sanitizer, active" ThreadSanitizer "$rounds" 200 --mode active
    lined=$plain_lined settings=()
}

race_memcheck() {
    wrapper=(valgrind -q --error-exitcode=66 --leak-check=full "--show-leak-kinds=definite,indirect")
    race memcheck "==" 1 "$(times 200 50)"
    wrapper=()
}

race_helgrind() {
    # Of the atomics that it does not know it would report each.
    lined=$helgrind_lined wrapper=(env "LD_PRELOAD=$scratch/libfault_helgrind.so"
        valgrind -q --error-exitcode=66 --tool=helgrind)
    race helgrind "==" 1 "$(times 200 50)"
    lined=$plain_lined wrapper=()
}

torture_races() {
    race_tsan
    race_memcheck
    race_helgrind
    torture_close
}

# A descriptor's number is free for others from the beginning of close(2), and here close takes long:
# a thread that uses a number after it has closed it gets EBADF or ENOTSOCK.
torture_close() {
    local rounds bad=''
    rounds=$(times 10 2)
    for ((round = 0; round < rounds; round++)); do
        wrapper=(strace -f -o "$scratch/strace" -e "trace=close,shutdown,sendto,recvfrom"
            -e inject=close:delay_exit=50000)
        serve --quiet || bad+=$said
        "$clients" --port "$port" --clients 100 --lines 20 --timeout 60000 >/dev/null &
        bad+=$(line=$("$clients" --port "$port" --clients 40 --drain "$process" \
            --after $((50 + RANDOM % 100)) --deadline 20000) || echo "$line")
        wait $!
        end_serving || bad+="exit status $?: $said"
        bad+=$(grep -E '= -1 (EBADF|ENOTSOCK)' "$scratch/strace" | head -n 5)
    done
    wrapper=()
    row "closes of 50 ms under strace" "$rounds" "$(lost_in "$bad")" "${bad:-good: no EBADF, no ENOTSOCK}"
}
