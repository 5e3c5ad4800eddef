# shellcheck shell=bash
# For test scripts: a lined to talk to. Sourced, with the command's path in $lined.
#
#   serve [lined options]   starts it on a port of the kernel's choice: $port, $pid; its standard
#                           output goes to $log
#   end_serving             SIGTERM; expects exit status 0; the rest of standard error in $said
#   fail MESSAGE            ends the test
#   need PROGRAM...         ends the test as skipped where one of them is not installed
#   skip REASON             ends the test as skipped

scratch=$(mktemp -d)
log=$scratch/log
pid=
: "${lined:?}"
lined=${TEST_LINED:-$lined} # instead of the lined that is built with the tests
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$scratch"' EXIT

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

skip() {
    echo "skipped: $(basename "$0" .sh): $1"
    exit 77
}

need() {
    local program
    for program in "$@"; do
        # Debian has other programs of the name nc, which do not know -N.
        if command -v "$program" >/dev/null &&
            { [ "$program" != nc ] || [[ $(nc -h 2>&1) =~ [[:space:]]-N[[:space:]] ]]; }; then
            continue
        fi
        skip "$program is not installed"
    done
}

# shellcheck disable=SC2120 # the options may be none
serve() {
    local line
    exec {messages}< <(exec "$lined" --port 0 "$@" 2>&1 >"$log")
    pid=$!
    IFS= read -r -t 10 -u "$messages" line || fail "lined said nothing"
    [[ $line == "lined: listening on "* ]] || fail "lined said: $line"
    # shellcheck disable=SC2034 # for the script that sources this
    port=${line##*:}
}

end_serving() {
    local status=0
    kill -TERM "$pid"
    said=$(cat <&"$messages")
    wait "$pid" || status=$?
    pid=
    [ "$status" -eq 0 ] || fail "lined exited with $status: $said"
}

# How many threads and descriptors lined has.
count_threads() { find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l; }
count_descriptors() { find "/proc/$pid/fd" -mindepth 1 -maxdepth 1 | wc -l; }

# Waits until lined has no more of either than it had: another process's threads cannot be waited for.
await_counts() { # THREADS DESCRIPTORS
    for ((i = 0; i < 1000; i++)); do
        [ "$(count_threads)" -gt "$1" ] || [ "$(count_descriptors)" -gt "$2" ] || return 0
        sleep 0.01
    done
    fail "$(count_threads) threads and $(count_descriptors) descriptors are left, it started with $1 and $2"
}
