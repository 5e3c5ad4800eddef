#!/usr/bin/env bash
# Builds the fuzz targets and runs them, one per core. A crash is a failure. The input that crashes is
# kept, and the command that repeats the crash is printed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

all_targets=(test/fuzz/fuzz_*.c)
all_targets=("${all_targets[@]#test/fuzz/fuzz_}")
all_targets=("${all_targets[@]%.c}")
usage="usage: scripts/fuzz.sh [--seconds N] [--seed N] [--keep] [TARGET...]

--seconds N  how long each target runs (default 60)
--seed N     begin as every run with this seed does (default: another each time)
--keep       put what reaches more than test/fuzz/corpus does into it: for a commit
TARGET       of: ${all_targets[*]} (default: all)"
fail_usage() {
    echo "fuzz: $1" >&2
    echo "$usage" >&2
    exit 2
}
seconds=60 seed=0 keep=no targets=()

while [ $# -gt 0 ]; do
    case $1 in
    --seconds)
        [[ ${2-} =~ ^[1-9][0-9]*$ ]] || fail_usage "--seconds '${2-}': must be a number above 0"
        seconds=$2
        shift
        ;;
    --seed)
        [[ ${2-} =~ ^[1-9][0-9]{0,8}$ ]] || fail_usage "--seed '${2-}': must be a number above 0"
        seed=$2
        shift
        ;;
    --keep) keep=yes ;;
    --help)
        echo "$usage"
        exit 0
        ;;
    *)
        [[ " ${all_targets[*]} " == *" $1 "* ]] || fail_usage "unknown option or target '$1'"
        targets+=("$1")
        ;;
    esac
    shift
done
[ ${#targets[@]} -gt 0 ] || targets=("${all_targets[@]}")

scripts/install-deps.sh fuzz
scripts/configure.sh build/fuzz --preset fuzz
cmake --build --preset fuzz -- --quiet

# New inputs and crashes are kept here, besides the corpus, for the next run.
mkdir -p build/fuzz/found build/fuzz/crashes
corpus() { echo "test/fuzz/corpus/$1"; }
found() { echo "build/fuzz/found/$1"; }
log() { echo "build/fuzz/$1.log"; }
count() { find "$1" -type f | wc -l; }

# fuzz TARGET: libFuzzer; its output goes to the log.
fuzz() {
    local dictionary=()
    [ ! -e "test/fuzz/$1.dict" ] || dictionary=("-dict=test/fuzz/$1.dict")
    "build/fuzz/test/fuzz/fuzz_$1" -max_total_time="$seconds" -seed="$seed" -timeout=10 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="build/fuzz/crashes/$1-" "${dictionary[@]}" \
        "$(found "$1")" "$(corpus "$1")" >"$(log "$1")" 2>&1 || return 1
    [ $keep = yes ] || return 0
    # Keep only inputs that reach a new branch: with counters there would be hundreds of files.
    "build/fuzz/test/fuzz/fuzz_$1" -merge=1 -use_counters=0 "$(corpus "$1")" "$(found "$1")" \
        >>"$(log "$1")" 2>&1
}

pids=() verdicts=() before=() started=0 running=0
trap '[ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true' EXIT

# The last status of each running target: "#8887 REDUCE cov: 95 ...".
progress() {
    local line="" i
    [ -t 2 ] || return 0
    for ((i = 0; i < started; i++)); do
        line+="${targets[i]} $(grep -ao '^#[0-9]*' "$(log "${targets[i]}")" | tail -n 1)  "
    done
    printf '\r%-78s' "$line" >&2
}

# Starts one target per core, and the next one when a target ends.
while [ $started -lt ${#targets[@]} ] || [ $running -gt 0 ]; do
    while [ $started -lt ${#targets[@]} ] && [ $running -lt "$(nproc)" ]; do
        target=${targets[started]}
        mkdir -p "$(found "$target")"
        before[started]=$(count "$(found "$target")")
        echo "fuzz: $target, $seconds s" >&2
        : >"$(log "$target")"
        fuzz "$target" &
        pids[started]=$!
        started=$((started + 1)) running=$((running + 1))
    done
    for i in "${!pids[@]}"; do
        if ! kill -0 "${pids[i]}" 2>/dev/null; then
            verdicts[i]=good
            wait "${pids[i]}" || verdicts[i]=FAILED
            unset "pids[i]"
            running=$((running - 1))
        fi
    done
    progress
    [ $running -eq 0 ] || sleep 1
done
[ ! -t 2 ] || echo >&2

statistic() { sed -n "s/^stat::$1: *//p" "$(log "$2")"; }
status=0
printf '%-12s %9s %8s %10s  %s\n' target runs seconds "new inputs" verdict
for i in "${!targets[@]}"; do
    target=${targets[i]}
    runs=$(statistic number_of_executed_units "$target")
    took=$(sed -n 's/^Done [0-9]* runs in \([0-9]*\) second.*/\1/p' "$(log "$target")")
    new=$(($(count "$(found "$target")") - before[i]))
    printf '%-12s %9s %8s %10s  %s\n' "$target" "${runs:--}" "${took:--}" "$new" "${verdicts[i]}"
done
for i in "${!targets[@]}"; do
    [ "${verdicts[i]}" = FAILED ] || continue
    status=1
    echo
    echo "fuzz: ${targets[i]} failed; see $(log "${targets[i]}"):"
    grep -aE '^lined:|ERROR:|runtime error|^SUMMARY' "$(log "${targets[i]}")" || tail -n 5 "$(log "${targets[i]}")"
    crash=$(sed -n 's/.*Test unit written to //p' "$(log "${targets[i]}")" | tail -n 1)
    [ -z "$crash" ] || echo "again: build/fuzz/test/fuzz/fuzz_${targets[i]} $crash"
done
exit $status
