# shellcheck shell=bash
# A lined for scripts/torture.sh to maltreat. Sourced by it, with the folder for what comes and goes
# in $scratch. Each shell, and so each subshell, has one server at a time.
#
#   serve [lined's options]   starts $lined with what is in the arrays $wrapper (a command that runs
#                             it) and $settings (its environment): $port, $pid, $process (which is
#                             $pid, or its child where the wrapper stays)
#   end_serving               SIGTERM; returns its exit status; what it said is in $said
#   plant SETTING...          lets a call fail: see test/faults/fault.c. Armed by arm
#   figure NAME LINE          a figure of a line that a client printed

: "${lined:?}" "${libfault:?}" "${scratch:?}"
# LD_PRELOAD ends a name at a space or a colon (ld.so(8)), which the checkout's path may have.
ln -s "$libfault" "$scratch/libfault.so"
ln -s "${libfault%.so}_helgrind.so" "$scratch/libfault_helgrind.so"
wrapper=() settings=()
pid='' process='' said='' control=''
log=$scratch/log

# The whole way down, for a wrapper that is killed may leave its child.
stop_server() {
    [ -z "$process" ] || kill -KILL "$process" 2>/dev/null
    [ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null
    pid='' process=''
}

# What a preloaded library or a tracer does is none of what the sandbox allows; else it is on.
is_sandboxed() { [ ${#settings[@]} -eq 0 ] && [[ ${wrapper[0]-} != @(strace|valgrind|env) ]]; }

serve() {
    local environment=() no_sandbox=(--no-sandbox) listening='lined: listening on [^ ]*:([0-9]+)'
    [ ${#settings[@]} -eq 0 ] || environment=(env "${settings[@]}")
    ! is_sandboxed || no_sandbox=()
    log=$scratch/log.$BASHPID messages=$scratch/messages.$BASHPID
    # A file: a pipe without a reader would stop a sanitizer amid its reports.
    : >"$messages"
    "${wrapper[@]}" "${environment[@]}" "$lined" --port "${use_port:-0}" "${no_sandbox[@]}" "$@" \
        2>>"$messages" >"${log_to:-$log}" &
    pid=$! process=$!
    for ((tries = 0; tries < 3000; tries++)); do
        said=$(<"$messages")
        if [[ $said =~ $listening ]]; then
            # shellcheck disable=SC2034 # for the script that sources this
            port=${BASH_REMATCH[1]}
            [ "${wrapper[0]-}" != strace ] || process=$(<"/proc/$pid/task/$pid/children")
            process=${process// /}
            return 0
        fi
        [ -e "/proc/$pid/exe" ] || break
        sleep 0.01
    done
    said+="(it does not listen)"
    return 1
}

end_serving() {
    local status=0
    kill -TERM "$process" 2>/dev/null
    for ((tries = 0; tries < 3000; tries++)); do
        [ -e "/proc/$pid/exe" ] || break
        sleep 0.01
    done
    kill -KILL "$process" "$pid" 2>/dev/null
    wait "$pid" || status=$?
    said=$(<"$messages")
    pid='' process=''
    return $status
}

plant() {
    control=$(mktemp "$scratch/control.XXXXXX")
    head -c 24 /dev/zero >"$control"
    settings=("LD_PRELOAD=$scratch/libfault.so" "FAULT_CONTROL=$control" "$@")
}

arm() { printf '\1' | dd of="$control" conv=notrunc status=none; }

count_fired() { od -An -tu8 -j16 -N8 "$control" | tr -d ' '; }

figure() { sed -n "s/.*\b$1=\([0-9]*\).*/\1/p" <<<"$2"; }

# How much CPU time it has had, in ticks of 10 ms; how many threads, descriptors and KB it has.
count_ticks() { awk '{ print $14 + $15 }' "/proc/$process/stat"; }
count_threads() { find "/proc/$process/task" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; }
count_descriptors() { find "/proc/$process/fd" -mindepth 1 -maxdepth 1 2>/dev/null | wc -l; }
resident_kb() { awk '/VmRSS/ { print $2 }' "/proc/$process/status"; }

# Waits five seconds at most until it has no more threads and descriptors than it had.
await_counts() { # THREADS DESCRIPTORS
    for ((tries = 0; tries < 250; tries++)); do
        [ "$(count_threads)" -gt "$1" ] || [ "$(count_descriptors)" -gt "$2" ] || return 0
        sleep 0.02
    done
    return 1
}
