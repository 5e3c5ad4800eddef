#!/usr/bin/env bash
# Measures lined's two deliveries and its packet log side by side, in rounds that take turns, so that
# a machine whose speed drifts moves all of them alike: scripts/bench.sh [--rounds N] [--seconds S]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
rounds=5 seconds=2

while [ $# -gt 0 ]; do
    case $1 in
    --rounds) rounds=${2:?--rounds needs a number} ;;
    --seconds) seconds=${2:?--seconds needs a number} ;;
    *)
        echo "usage: scripts/bench.sh [--rounds N] [--seconds S]" >&2
        exit 2
        ;;
    esac
    shift 2
done

"$root/scripts/install-deps.sh" build
cd "$root"
[ -e build/release/build.ninja ] || cmake --preset release >/dev/null
cmake --build --preset release >/dev/null
scratch=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$scratch"' EXIT

# Server and load on a core each, where there are two.
server_core=() load_core=()
if [ "$(nproc)" -ge 2 ]; then
    server_core=(taskset -c 0) load_core=(taskset -c 1)
fi

# measure NAME LOAD... -- LINED...: one run; its figures go to $scratch/NAME.
measure() {
    local name=$1 load=() line
    shift
    while [ "$1" != -- ]; do
        load+=("$1")
        shift
    done
    shift
    exec {said}< <(exec "${server_core[@]}" build/release/lined --port 0 "$@" 2>&1 >"$scratch/log")
    pid=$!
    IFS= read -r -u "$said" line
    "${load_core[@]}" build/release/test/bench/lined-load --csv --pid "$pid" --port "${line##*:}" \
        -d "$seconds" "${load[@]}" >>"$scratch/$name"
    kill "$pid"
    wait "$pid" || true
    pid=
    exec {said}<&-
}

for ((round = 1; round <= rounds; round++)); do
    for load in 50x64 50x1 1x1; do
        printf '\rround %d of %d: %-6s' "$round" "$rounds" "$load" >&2
        flags=(-c "${load%x*}" -o "${load#*x}")
        measure "$load passive" "${flags[@]}" -- -q
        measure "$load active" "${flags[@]}" -- -q --mode active
        measure "$load passive, log to a file" "${flags[@]}" --
    done
done
printf '\r%40s\r' '' >&2

# median COLUMN FILE
median() { cut -d, -f"$1" "$2" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# ratio COLUMN FILE BASE: the median of the ratios round by round, and the least and the greatest.
ratio() {
    paste -d, <(cut -d, -f"$1" "$2") <(cut -d, -f"$1" "$3") |
        awk -F, '{ printf "%.3f\n", $1 / $2 }' | sort -n |
        awk '{ v[NR] = $1 } END { printf "%.2f (%.2f to %.2f)", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

echo "lined $(build/release/lined --version | cut -d' ' -f2), $(date +%F), $(nproc) cores, $rounds rounds of $seconds s, lines of 32 bytes"
echo "| load | lines/s | of passive (least to greatest) | p50 us | p99 us | server CPU us a line |"
echo "|---|---|---|---|---|---|"
for load in 50x64 50x1 1x1; do
    for kind in passive active 'passive, log to a file'; do
        file="$scratch/$load $kind"
        printf '| %s %s | %s | %s | %s | %s | %s |\n' "$load" "$kind" "$(median 4 "$file")" \
            "$(ratio 4 "$file" "$scratch/$load passive")" "$(median 5 "$file")" \
            "$(median 6 "$file")" "$(median 8 "$file")"
    done
done
