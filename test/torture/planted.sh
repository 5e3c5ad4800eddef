# shellcheck shell=bash
# Plants bugs, one at a time, and expects that the check for them fails, and says why: a check that
# cannot fail shows nothing. Sourced by scripts/torture.sh, for "scripts/torture.sh planted": the
# variables are its own.
# shellcheck disable=SC2034,SC2154

# caught BUG CHECK PATTERN...: one of the check's verdicts has the pattern, and is not good.
caught() {
    if (
        trap clean_up EXIT
        "$2"
        printf '%s\n' "${rows[@]}" >"$scratch/verdicts"
        [ "$failures" -gt 0 ]
    ) >/dev/null 2>"$scratch/planted" && grep -v good: "$scratch/verdicts" | grep -qE -- "$3"; then
        row "planted: $1" 1 "-" "good: seen by $2"
    else
        tail -n 20 "$scratch/planted" >&2
        row "planted: $1" 1 "-" "$2 did not see it"
    fi
    settings=() wrapper=() lined=$plain_lined tsan_lined=$root/build/tsan/lined
    helgrind_lined=$root/build/helgrind/lined
}

# A variant that cannot be had ends it all: what was seen then would be something else.
#
# variant FILE SCRIPT [CFLAGS]...: builds lined with one source changed by sed.
variant() {
    local folder
    folder=$(mktemp -d "$scratch/variant.XXXXXX")
    cp -r src include "$folder"
    sed -i -E "$2" "$folder/$1"
    if cmp -s "$1" "$folder/$1"; then
        row "planted: in $1" 0 "-" "the bug did not take: $2"
        exit 1
    fi
    cc -O1 -g -w -D_POSIX_C_SOURCE=200809L '-DLINED_VERSION="planted"' -DLINED_SANDBOX=0 "${@:3}" -I"$folder/include" \
        "$folder"/src/*.c "$folder"/src/cmd/*.c "$folder"/src/handlers/*.c -rdynamic -pthread -ldl \
        -o "$folder/lined" || { row "planted: in $1" 0 "-" "does not build: $2" && exit 1; }
    chmod 755 "$folder"
    lined=$folder/lined
}

planted_sends() {
    for how in skip:lost torn:torn twice:doubled; do
        plant FAULT_CALL=send "FAULT_HOW=${how%:*}" FAULT_EVERY=100
        arm
        caught "a send that is ${how#*:}" torture_drain "${how#*:}=[1-9]"
    done
    wrapper=(strace -f -o "$scratch/strace" -e trace=exit_group -e inject=exit_group:delay_enter=2500000)
    caught "an exit 2.5 s late" torture_drain 'exit_ms=2[0-9]{3}'
}

planted_faults() {
    variant src/acceptor.c 's/(#define PACE_MS +)[0-9]+u/\10u/'
    caught "no pacing" torture_accept 'CPU: '
    variant src/net/net.c '/^enum accept_verdict accept_verdict/,/^}/{/case EHOSTDOWN:/d}'
    caught "EHOSTDOWN is fatal" torture_accept 'EHOSTDOWN'
    variant src/acceptor.c '/^static bool accept_one/,/^}/{s/while (\(\(result = take_in)/if \1/;s/^    if \(result != LINED_OK\)$/    ;/;/^        close\(fd\);$/d}'
    caught "a failed thread leaks its descriptor" torture_threads 'descriptors stay'
    variant src/buffer/send_buffer.c '/if \(data == NULL\)/{N;d}'
    mkdir -p "$scratch/build/test" "$scratch/build/asan"
    cp "$lined" "$scratch/build/test/lined"
    cp "$lined" "$scratch/build/asan/lined"
    root=$scratch caught "a failed realloc goes unseen" torture_each 'did harm'
    cp "$plain_lined" "$scratch/build/test/lined"
    variant src/worker.c '/^        free\(conn\);$/d' -fsanitize=address
    cp "$lined" "$scratch/build/asan/lined"
    root=$scratch caught "a refused connection is not freed" torture_each 'did harm'
}

planted_races() {
    local flags unlocked='/^void registry_leave/,/^}/{s/ registry_lock\(registry\);/;/;s/ registry_unlock\(registry\);/;/}'
    variant src/table/lifecycle.c "$unlocked" -fsanitize=thread -O2
    tsan_lined=$lined
    caught "leaving without the lock" race_tsan 'thread sanitizer.*data race'
    # As its own build has it: with flags that make all else known to it.
    read -ra flags < <(sed -n 's/^CMAKE_C_FLAGS:[A-Z]*=//p' "$root/build/helgrind/CMakeCache.txt")
    variant src/table/lifecycle.c "$unlocked" "${flags[@]}"
    helgrind_lined=$lined
    caught "leaving without the lock" race_helgrind 'helgrind.*registry_leave'
    variant src/worker.c '/^    free\(conn\);$/d'
    caught "a connection is not freed" race_memcheck 'memcheck.*definitely lost'
    variant src/worker.c '/registry_leave\(registry/{h;d};/^    close\(fd\);/{G}'
    caught "close before leaving" torture_close 'EBADF|ENOTSOCK'
}

planted_loads() {
    variant src/worker.c '/^    close\(fd\);$/d'
    caught "a descriptor is not closed" torture_hostile 'descriptors stay'
    variant src/worker.c '/^    free\(conn\);$/d'
    caught "a connection is not freed" torture_hostile 'memory (stays|grows)'
    plant FAULT_CALL=setsockopt FAULT_HOW=skip FAULT_FIRST=1000000
    arm
    caught "no SO_REUSEADDR" torture_kill 'Address already in use'
    variant src/command/log/log_writer_thread.c 's/error == EINTR/false/;s/case EBADF:/case EINTR:/'
    caught "EINTR ends the log" torture_log 'the log is not whole'
}

torture_planted() {
    quick=yes patience=10000
    planted_sends
    planted_faults
    planted_races
    planted_loads
}
