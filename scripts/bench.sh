#!/usr/bin/env bash
# Measures lined beside others, in rounds that take turns, so that a machine whose speed drifts moves
# all of them alike. Prints medians and ratios, and writes docs/measurements/: a CSV and a plot.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage="usage: scripts/bench.sh [--quick] [--rounds N] [--seconds S] [--peers]

--rounds N   how often each is measured (default 5)
--seconds S  how long each time (default 2)
--quick      3 rounds of half a second: under a minute, and rough
--peers      install what the peers need (Go, libevent, Elixir); one that is missing is skipped"
rounds=5 seconds=2 install_peers=no

while [ $# -gt 0 ]; do
    case $1 in
    --quick) rounds=3 seconds=0.5 ;;
    --peers) install_peers=yes ;;
    --rounds | --seconds)
        [[ ${2-} =~ ^[0-9.]+$ ]] || { echo "$1 needs a number" >&2 && exit 2; }
        if [ "$1" = --rounds ]; then rounds=$2; else seconds=$2; fi
        shift
        ;;
    *) echo "$usage" >&2 && exit 2 ;;
    esac
    shift
done

cd "$root"
scripts/install-deps.sh build
[ $install_peers = no ] || scripts/install-deps.sh peers
[ -e build/release/build.ninja ] || cmake --preset release >/dev/null
cmake --build --preset release >/dev/null
load=build/release/test/bench/lined-load
scratch=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$scratch"' EXIT

# The contenders: a name, and a command that says "... listening on ADDRESS:PORT" on standard error.
names=() commands=()
contender() {
    names+=("$1")
    commands+=("$2")
}
contender "lined" "build/release/lined --port 0 --quiet"
contender "lined, active" "build/release/lined --port 0 --quiet --mode active"
contender "lined, log to a file" "build/release/lined --port 0"
mkdir -p build/peers
if command -v go >/dev/null; then
    go build -o build/peers/peer_go test/bench/peers/peer.go
    contender "Go" build/peers/peer_go
else
    echo "skipped: Go is not installed (scripts/bench.sh --peers installs it)" >&2
fi
if cc -O2 -o build/peers/peer_libevent test/bench/peers/peer_libevent.c -levent_core 2>/dev/null; then
    contender "libevent" build/peers/peer_libevent
else
    echo "skipped: libevent is not installed (scripts/bench.sh --peers installs it)" >&2
fi
if command -v elixir >/dev/null; then
    contender "Elixir, printing" "elixir test/bench/peers/peer.exs"
else
    echo "skipped: Elixir is not installed (scripts/bench.sh --peers installs it)" >&2
fi

# Server and load on a core each, where there are two.
server_core=() load_core=()
if [ "$(nproc)" -ge 2 ]; then
    server_core=(taskset -c 0) load_core=(taskset -c 1)
fi

# measure FILE COMMAND LOAD...: one run; its figures are a line in FILE.
measure() {
    local file=$1 line command
    read -ra command <<<"$2"
    shift 2
    exec {said}< <(exec "${server_core[@]}" "${command[@]}" 2>&1 >"$scratch/log")
    pid=$!
    IFS= read -r -t 30 -u "$said" line
    "${load_core[@]}" $load --csv --pid "$pid" --port "${line##*:}" -d "$seconds" "$@" >>"$file"
    kill "$pid"
    wait "$pid" 2>/dev/null || true
    pid=
    exec {said}<&-
}

loads=(50x64 50x1 1x1)
total=$((rounds * ${#loads[@]} * ${#names[@]})) run=0
for ((round = 0; round < rounds; round++)); do
    for shape in "${loads[@]}"; do
        for i in "${!names[@]}"; do
            run=$((run + 1))
            printf '\rrun %d of %d: %-40s' "$run" "$total" "$shape ${names[i]}" >&2
            measure "$scratch/$shape.$i" "${commands[i]}" -c "${shape%x*}" -o "${shape#*x}"
        done
    done
done
printf '\r%60s\r' '' >&2

# median COLUMN FILE
median() { cut -d, -f"$1" "$2" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# ratio COLUMN FILE BASE: the median of the ratios round by round, the least and the greatest.
ratio() {
    paste -d, <(cut -d, -f"$1" "$2") <(cut -d, -f"$1" "$3") | awk -F, '{ printf "%.3f\n", $1 / $2 }' |
        sort -g | awk '{ v[NR] = $1 } END { printf "%.2f (%.2f to %.2f)", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

out=docs/measurements
mkdir -p $out
machine="$(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r | cut -d- -f1)"
{
    echo "load,contender,connections,outstanding,size,lines/s,p50 us,p99 us,p99.9 us,server CPU us a line,resident KB,max us,server CPU %,load CPU %,mode,rate wanted,unanswered,late p99 us,opened s,again s,KB a connection,non-readers ended"
    for shape in "${loads[@]}"; do
        for i in "${!names[@]}"; do
            sed "s/^/$shape,\"${names[i]}\",/" "$scratch/$shape.$i"
        done
    done
} >$out/bench.csv
{
    echo "$(date +%F), $machine. $rounds rounds of $seconds s, lines of 32 bytes, medians."
    echo
    echo "| load | contender | lines/s | of lined (least to greatest) | p50 us | p99 us | server CPU us a line |"
    echo "|---|---|---|---|---|---|---|"
    for shape in "${loads[@]}"; do
        for i in "${!names[@]}"; do
            file=$scratch/$shape.$i
            printf '| %s | %s | %s | %s | %s | %s | %s |\n' "$shape" "${names[i]}" \
                "$(median 4 "$file")" "$(ratio 4 "$file" "$scratch/$shape.0")" \
                "$(median 5 "$file")" "$(median 6 "$file")" "$(median 8 "$file")"
        done
    done
} | tee $out/bench.md

if ! command -v gnuplot >/dev/null; then
    echo "skipped: the plot, for gnuplot is not installed (scripts/bench.sh --peers installs it)" >&2
    exit 0
fi
for i in "${!names[@]}"; do
    printf '"%s"' "${names[i]}"
    for shape in "${loads[@]}"; do
        awk -v a="$(median 4 "$scratch/$shape.$i")" -v b="$(median 4 "$scratch/$shape.0")" \
            'BEGIN { printf " %.3f", a / b }'
    done
    echo
done >"$scratch/plot"
gnuplot <<PLOT
set terminal svg size 860,420 noenhanced font "sans-serif,12" background "white"
set output "$out/bench.svg"
set title "Lines/s beside lined (= 1), $(date +%F), $(nproc) cores, medians of $rounds rounds"
set style data histograms
set style histogram clustered gap 1
set style fill solid 0.8 noborder
set yrange [0:*]
set ylabel "times lined's lines/s"
set grid ytics
set xtics nomirror
set key top left
plot "$scratch/plot" using 2:xtic(1) title "50 connections x 64 lines" linecolor "#1b6ca8", \
     "" using 3 title "50 x 1" linecolor "#e08e45", \
     "" using 4 title "1 x 1" linecolor "#7a9e7e"
PLOT
