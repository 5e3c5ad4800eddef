# shellcheck shell=bash
# Plants one bug at a time, and expects that the check for it fails and says why: a check that cannot
# fail shows nothing. Sourced by scripts/torture.sh, for "scripts/torture.sh planted"; the variables
# are defined there.
# shellcheck disable=SC2034,SC2154

# caught BUG CHECK PATTERN: one of the check's verdicts matches the pattern, and is not good.
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

# A variant that cannot be built ends the run: the checks after it would run without the bug.
#
# variant FILE SCRIPT [CFLAGS]...: builds lined with one source changed by sed. Each line of the script is
# applied alone and must change the file.
variant() {
    local folder part
    folder=$(mktemp -d "$scratch/variant.XXXXXX")
    cp -r CMakeLists.txt src include "$folder"
    while IFS= read -r part; do
        cp "$folder/$1" "$folder/before"
        sed -i -E "$part" "$folder/$1"
        if cmp -s "$folder/before" "$folder/$1"; then
            row "planted: in $1" 0 "-" "changes nothing: $part"
            exit 1
        fi
    done <<<"$2"
    if ! cmake -G Ninja -S "$folder" -B "$folder/build" -DLINED_TESTS=OFF -DLINED_LOAD=OFF \
        -DLINED_INSTALL=OFF -DLINED_SANDBOX=OFF -DCMAKE_BUILD_TYPE= \
        "-DCMAKE_C_FLAGS=-O1 -g -w ${*:3}" >/dev/null ||
        ! cmake --build "$folder/build" --target lined -- --quiet; then
        row "planted: in $1" 0 "-" "does not build: $2"
        exit 1
    fi
    cp "$folder/build/lined" "$folder"
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
    variant src/acceptor.c 's/(#define PAUSE_MS +)[0-9]+u/\10u/'
    caught "no pacing" torture_accept 'CPU: '
    variant src/net/listener.c '/^enum accept_verdict accept_verdict/,/^}/{/case EHOSTDOWN:/d}'
    caught "EHOSTDOWN is fatal" torture_accept 'EHOSTDOWN'
    variant src/acceptor.c 's/pause_for\(acceptor, LINED_PAUSE_THREAD, -result\);/return &, true;/;s/;, true;/, true;/'
    caught "a failed thread leaks its descriptor" torture_threads 'descriptors stay'
    variant src/buffer/send_buffer.c '/if \(data == NULL\)/{N;d}'
    mkdir -p "$scratch/build/test" "$scratch/build/asan"
    cp "$lined" "$scratch/build/test/lined"
    cp "$lined" "$scratch/build/asan/lined"
    root=$scratch caught "a failed realloc goes unseen" torture_each 'did harm'
    cp "$plain_lined" "$scratch/build/test/lined"
    variant src/worker.c '/^        free\(session\);$/d' -fsanitize=address
    cp "$lined" "$scratch/build/asan/lined"
    root=$scratch caught "a connection that gets no thread is not freed" torture_each 'did harm'
}

planted_races() {
    local flags unlocked='/^void lifecycle_leave/,/^}/s/ lifecycle_lock\(lifecycle\);/;/
/^void lifecycle_leave/,/^}/s/ lifecycle_unlock\(lifecycle\);/;/'
    variant src/table/lifecycle.c "$unlocked" -fsanitize=thread -O2
    tsan_lined=$lined
    caught "leaving without the lock" race_tsan 'thread sanitizer.*data race'
    # With the flags of the helgrind build, which tell helgrind of the atomic operations.
    read -ra flags < <(sed -n 's/^CMAKE_C_FLAGS:[A-Z]*=//p' "$root/build/helgrind/CMakeCache.txt")
    variant src/table/lifecycle.c "$unlocked" "${flags[@]}"
    helgrind_lined=$lined
    caught "leaving without the lock" race_helgrind 'helgrind.*lifecycle_leave'
    variant src/worker.c '/^    free\(session\);$/d'
    caught "a connection is not freed" race_memcheck 'memcheck.*definitely lost'
    variant src/worker.c '/^    conn_table_remove\(workers->table/{h;d};/^    close\(fd\);/{G}'
    caught "close before removing" torture_close 'EBADF|ENOTSOCK'
}

planted_loads() {
    variant src/worker.c '/^    close\(fd\);$/d'
    caught "a descriptor is not closed" torture_hostile 'descriptors stay'
    variant src/worker.c '/^    free\(session\);$/d'
    caught "a connection is not freed" torture_hostile 'memory (stays|grows)'
    plant FAULT_CALL=setsockopt FAULT_HOW=skip FAULT_FIRST=1000000
    arm
    caught "no SO_REUSEADDR" torture_kill 'Address already in use'
    variant src/command/log/log_writer_thread.c 's/error == EINTR/false/
s/case EBADF:/case EINTR:/'
    caught "EINTR ends the log" torture_log 'the log is not complete'
}

torture_planted() {
    quick=yes patience=10000
    planted_sends
    planted_faults
    planted_races
    planted_loads
}
