#!/usr/bin/env bash
# Measures lined and other servers, in interleaved rounds, so that a change in the speed of the machine
# affects all of them. Prints medians and ratios, and writes docs/measurements/: the results of each run
# as CSV, tables, and plots.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

all_loads=(50x64 50x1 1x1 churn apart hog busy-poll hold10k hold15k burst neighbour admin scale dd kv fanout end)
quick_loads=(50x64 50x1 1x1 churn)
usage="usage: scripts/bench.sh [--quick] [--rounds N] [--seconds S] [--only LOAD]... [--beside FILE]
                        [--peers]

--rounds N     how often each is measured (default 5)
--seconds S    how long each time (default 2)
--quick        3 rounds of 0.3 seconds of the first four loads: under a minute, rough, writes nothing
--only LOAD    just this load (writes nothing; may be given more than once), of
               ${all_loads[*]}
--beside FILE  another build of lined takes part, as 'lined beside', to show what a change brings; in
               all loads but neighbour and kv (writes nothing)
--peers        install what the peers need (Go, libevent, Elixir, Redis); a missing one is skipped"
rounds=5 seconds=2 install_peers=no write=yes beside=
loads=()

fail_usage() {
    echo "bench: $1 (try 'scripts/bench.sh --help')" >&2
    exit 2
}

while [ $# -gt 0 ]; do
    case $1 in
    --help)
        echo "$usage"
        exit 0
        ;;
    --quick) rounds=3 seconds=0.3 write=no loads=("${quick_loads[@]}") ;;
    --peers) install_peers=yes ;;
    --rounds)
        [[ ${2-} =~ ^[1-9][0-9]*$ ]] || fail_usage "--rounds '${2-}': must be a number above 0"
        rounds=$2
        shift
        ;;
    --seconds)
        [[ ${2-} =~ ^[0-9]*\.?[0-9]+$ ]] || fail_usage "--seconds '${2-}': must be a number of seconds"
        seconds=$2
        shift
        ;;
    --only)
        [[ " ${all_loads[*]} " == *" ${2-} "* ]] || fail_usage "--only '${2-}': must be one of ${all_loads[*]}"
        loads+=("$2") write=no
        shift
        ;;
    --beside)
        [[ -f ${2-} && -x $2 && $2 != *' '* ]] || fail_usage "--beside '${2-}': must be a program, without a space in its name"
        beside=$(realpath "$2") write=no
        shift
        ;;
    *) fail_usage "unknown option '$1'" ;;
    esac
    shift
done
[ ${#loads[@]} -gt 0 ] || loads=("${all_loads[@]}")

cd "$root"
scripts/install-deps.sh build
[ $install_peers = no ] || scripts/install-deps.sh peers
scripts/configure.sh build/release --preset release
cmake --build --preset release >/dev/null
load=build/release/src/load/lined-load
scratch=$(mktemp -d)
pid='' hog=''
trap '[ -z "$pid$hog" ] || kill $pid $hog 2>/dev/null; rm -rf "$scratch"' EXIT

# ---- the contenders ----

# By name: a command that first prints "... listening on ADDRESS:PORT" on standard error.
declare -A commands=(
    [lined]="build/release/lined --port 0 --quiet"
    [lined active]="build/release/lined --port 0 --quiet --mode active"
    [lined with log]="build/release/lined --port 0"
    [lined --busy-poll 0]="build/release/lined --port 0 --quiet --busy-poll 0"
    [lined --admin]="build/release/lined --port 0 --quiet --admin unix:$scratch/admin"
    [lined kv]="build/release/lined --port 0 --quiet --handler kv"
)
[ -z "$beside" ] || commands[lined beside]="$beside --port 0 --quiet"
skipped() { echo "skipped: $1 (scripts/bench.sh --peers installs it)" >&2; }
mkdir -p build/peers
if command -v go >/dev/null; then
    go build -o build/peers/peer_go test/bench/peers/peer.go
    commands[Go]=build/peers/peer_go
    go build -o build/peers/fanout_go test/bench/peers/fanout.go
    commands[Go fanout]=build/peers/fanout_go
else
    skipped "Go is not installed"
fi
if cc -O2 -o build/peers/peer_libevent test/bench/peers/peer_libevent.c -levent_core 2>/dev/null; then
    commands[libevent]=build/peers/peer_libevent
else
    skipped "libevent is not installed"
fi
cc -std=gnu11 -O2 -pthread -o build/peers/floor test/bench/peers/floor.c
commands[floor]=build/peers/floor
cc -std=gnu11 -O2 -o build/peers/fanout test/bench/fanout.c
cc -std=gnu11 -O2 -o build/peers/end test/bench/end.c
cc -std=c11 -O2 -shared -fPIC -Iinclude -o build/peers/fanout.so test/bench/peers/fanout_module.c
commands[floor awake]="build/peers/floor --awake"
commands[floor batch]="chrt --batch 0 build/peers/floor"
if command -v elixir >/dev/null; then
    commands[Elixir]="elixir test/bench/peers/peer.exs"
else
    skipped "Elixir is not installed"
fi
if command -v redis-server >/dev/null; then
    # It does not print its port on standard error, so a script chooses a free port and prints it.
    commands[Redis]="test/bench/peers/redis.sh"
else
    skipped "Redis is not installed"
fi

# The contenders of a load; the others are compared with the first.
contenders_of() {
    case $1 in
    poll-*) names=("lined --busy-poll 0" "lined" "lined beside") ;;
    50x64 | 50x1)
        names=("lined" "lined beside" "lined active" "lined with log" "floor" "floor batch" "Go" "libevent" "Elixir")
        ;;
    apart-50x*) names=("lined" "lined beside" "lined active" "floor" "Go" "libevent") ;;
    1x1 | apart-1x1) names=("lined" "lined beside" "lined --busy-poll 0" "floor" "floor awake" "Go" "libevent" "Elixir") ;;
    hog-*) names=("lined" "lined beside" "floor" "floor batch" "Go") ;;
    churn | apart-churn) names=("lined" "lined beside" "Go" "libevent" "Elixir") ;;
    hold10k | hold15k | dd | scale-*) names=("lined" "lined beside" "Go") ;;
    burst-*) names=("lined" "lined beside") ;;
    admin-*) names=("lined" "lined --admin") ;;
    neighbour-*) names=("lined active" "lined") ;;
    kv-* | apart-kv-*) names=("lined kv" "Redis") ;;
    fanout-*) names=("lined" "lined beside" "lined active" "Go fanout") ;;
    end) names=("lined" "lined active") ;;
    esac
    for i in "${!names[@]}"; do
        [ -n "${commands[${names[i]}]-}" ] || unset "names[i]"
    done
    names=("${names[@]}")
}

# The shapes of a load that has several.
shapes_of() {
    case $1 in
    apart) echo apart-50x64 apart-50x1 apart-1x1 apart-churn ;;
    hog) echo hog-1x1 hog-10x1 hog-50x1 hog-50x64 ;;
    burst) echo burst-1 burst-64 ;;
    neighbour) echo neighbour-0 neighbour-1 ;;
    admin) echo admin-50x64 admin-50x1 admin-1x1 ;;
    scale) echo scale-1 scale-10 scale-100 scale-1000 scale-10000 ;;
    kv) echo {,apart-}kv-{set,get}-{1,16} ;;
    fanout) echo fanout-1 fanout-16 ;;
    busy-poll)
        for where in "" apart- hog- apart-hog-; do
            printf '%s ' "poll-$where"{1x1,awake-1x1,8x16,50x1,50x64,200x4,active-50x1,active-50x64,churn}
        done
        echo poll-{,apart-}{dd,kv-set-1,kv-get-1,kv-set-16,kv-get-16}
        ;;
    *) echo "$1" ;;
    esac
}

# ---- one run ----

# In most loads the kernel chooses the cores of server and load. In these loads each has its own core: 1x1,
# which measures waking the other core, the loads named apart, those with a growing number of connections,
# and those with a program that computes on the core of the server.
place() { # SHAPE
    server_core=() load_core=()
    case $1 in
    1x1 | admin-1x1 | apart-* | poll-apart-* | hog-* | scale-*)
        server_core=(taskset -c 0) load_core=(taskset -c 1)
        ;;
    esac
}

lined_load() { "${load_core[@]}" $load --csv --pid "$pid" --port "$port" "$@"; }

# The results of other load generators in the CSV format of lined-load: MB or requests per second in place
# of lines, and the CPU time of the server for each, from its ticks.
ticks() { awk '{ print $14 + $15 }' "/proc/$pid/stat"; }
row() { # RATE COUNT TICKS
    printf '0,0,0,%s,0,0,0,%s,0\n' "$1" "$(awk -v n="$2" -v t="$3" -v hz="$(getconf CLK_TCK)" 'BEGIN { print t / hz / n * 1e6 }')"
}

dd_rate() {
    "${load_core[@]}" scripts/load-dd.sh -p "$port" -b 4M -c 32 -n 2 --read-back 2>/dev/null |
        sed -n 's/.* bytes, \([0-9]*\) MB.* 0 failures/\1/p'
}

# This number times the pipeline takes about two seconds, so that the warm-up of a server counts little.
kv_requests=100000
kv_rate() { # COMMAND PIPELINE
    "${load_core[@]}" redis-benchmark -p "$port" -t "$1" -c 50 -P "$2" -n "$(($2 * kv_requests))" --csv 2>/dev/null |
        sed -n '2s/^"[A-Z]*","\([0-9.]*\)".*/\1/p'
}

run_load() { # SHAPE
    local status=0
    case $1 in
    poll-*) run_load "$(sed 's/^poll-//; s/apart-//; s/active-//' <<<"$1")" ;;
    apart-1x1 | awake-1x1) lined_load -c 1 -o 1 -d "$seconds" --awake ;;
    apart-* | admin-*) run_load "${1#*-}" ;;
    hog-*)
        "${server_core[@]}" sh -c 'while :; do :; done' &
        hog=$!
        run_load "${1#hog-}" || status=1
        kill "$hog"
        wait "$hog" 2>/dev/null || true
        hog=
        return $status
        ;;
    churn) lined_load --churn -c 16 -d "$seconds" ;;
    hold10k) lined_load --hold -c 10000 -d 0.5 ;;
    hold15k) lined_load --hold -c 15000 -d 2 ;;
    burst-*) lined_load --hold -c 1000 -o "${1#*-}" -s 1460 -d 2.5 ;;
    neighbour-*) lined_load -c 50 -o 1 -d "$seconds" --non-readers "${1#*-}" ;;
    scale-10000) lined_load -c 10000 -o 16 -d 2 ;; # shorter, it is all beginning
    scale-*) lined_load -c "${1#*-}" -o 16 -d "$seconds" ;;
    dd)
        before=$(ticks)
        figure=$(dd_rate)
        row "$figure" 268 $(($(ticks) - before)) # two rounds of 128 MiB
        ;;
    kv-*)
        IFS=- read -r _ command pipeline <<<"$1"
        before=$(ticks)
        figure=$(kv_rate "$command" "$pipeline")
        row "$figure" $((pipeline * kv_requests)) $(($(ticks) - before))
        ;;
    fanout-*) build/peers/fanout "$port" "$pid" 1000 "${1#*-}" "$seconds" ;;
    end) build/peers/end "$port" "$pid" 1000 ;;
    *) lined_load -c "${1%x*}" -o "${1#*x}" -d "$seconds" ;;
    esac
}

measure() { # SHAPE NAME: its figures become a line in $scratch/SHAPE.NAME
    # On a busy machine a short run may have no answered line.
    measure_once "$@" || measure_once "$@"
}

measure_once() {
    local line command status=0
    place "$1"
    read -ra command <<<"${commands[$2]}"
    case $1 in
    poll-*active-*) command+=(--mode active) ;;
    poll-*kv-*) command+=(--handler kv) ;;
    fanout-* | end) [[ $2 != lined* ]] || command+=(--handler "$root/build/peers/fanout.so") ;;
    esac
    exec {said}< <(exec "${server_core[@]}" "${command[@]}" 2>&1 >"$scratch/log")
    pid=$!
    IFS= read -r -t 30 -u "$said" line
    port=${line##*:}
    cat <&"$said" >/dev/null &
    run_load "$1" >"$scratch/figures" || status=1
    [ $status -ne 0 ] || cat "$scratch/figures" >>"$scratch/$1.$2"
    kill "$pid"
    wait "$pid" 2>/dev/null || true
    pid=
    exec {said}<&-
    return $status
}

shapes=()
total=0
for name in "${loads[@]}"; do
    read -ra more <<<"$(shapes_of "$name")"
    if [ "$(nproc)" -lt 2 ] && [[ $name == @(admin|apart|hog|busy-poll|scale|1x1) ]]; then
        echo "skipped: $name, which needs two cores" >&2
        continue
    fi
    shapes+=("${more[@]}")
done
for shape in "${shapes[@]}"; do
    contenders_of "$shape"
    total=$((total + rounds * ${#names[@]}))
done
progress() { [ ! -t 2 ] || printf '\r%-75s\r' "$1" >&2; }
run=0 began=$SECONDS
for ((round = 0; round < rounds; round++)); do
    for shape in "${shapes[@]}"; do
        contenders_of "$shape"
        for name in "${names[@]}"; do
            run=$((run + 1))
            left=$(((SECONDS - began) * (total - run) / run))
            progress "run $run of $total, about $left s left: $shape $name"
            measure "$shape" "$name"
        done
    done
done
progress ""

# ---- the report ----

# median COLUMN FILE
median() { cut -d, -f"$1" "$2" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# ratio COLUMN FILE BASE: the median, minimum and maximum of the ratios of each round.
ratio() {
    paste -d, <(cut -d, -f"$1" "$2") <(cut -d, -f"$1" "$3") |
        awk -F, '{ if ($2 > 0) printf "%.3f\n", $1 / $2; else print "0" }' | sort -g |
        awk '{ v[NR] = $1 } END { printf "%.2f (%.2f to %.2f)", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

# table SHAPE HEAD COLUMN UNIT...: a row for each contender, with the ratio in the first column.
table() {
    local shape=$1 first=$3 column
    shift
    contenders_of "$shape"
    [ -e "$scratch/$shape.${names[0]}" ] || return 0
    echo "| $1 | | times the first (min to max) |$(shift && while [ $# -gt 2 ]; do shift 2 && printf ' %s |' "$2"; done)"
    echo "|---|---|---|$(shift && while [ $# -gt 2 ]; do shift 2 && printf -- '---|'; done)"
    shift
    for name in "${names[@]}"; do
        local file="$scratch/$shape.$name" row="| $name |"
        row+=" $(median "$first" "$file") $2 | $(ratio "$first" "$file" "$scratch/$shape.${names[0]}") |"
        for ((column = 3; column < $#; column += 2)); do
            row+=" $(median "${!column}" "$file") |"
        done
        echo "$row"
    done
    echo
}

# Columns of lined-load's CSV.
rate=4 p50=5 p99=6 cpu=8 kb=9 max=10 opened=17 again=18 each=19 rested=21
machine="$(nproc) cores, $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r | cut -d- -f1)"
count() { echo "$1 $2$([ "$1" = 1 ] || echo s)"; }
tables() {
    echo "$(date +%F), $machine. Medians of $rounds rounds of $seconds s; lines of 32 bytes, except where another size is given; server and load share the cores, except where each has a core."
    echo
    for shape in 50x64 50x1 1x1 apart-50x64 apart-50x1 apart-1x1 hog-1x1 hog-10x1 hog-50x1 hog-50x64; do
        loop=${shape#*-} where=
        case $shape in
        apart-1x1) where=", a core each, the client polls" ;;
        1x1 | apart-*) where=", a core each" ;;
        hog-*) where=", a core each, and a program computes on the core of the server" ;;
        esac
        table $shape "$(count "${loop%x*}" connection), $(count "${loop#*x}" line) in flight$where" $rate lines/s $p50 "p50 us" $p99 "p99 us" $cpu "server CPU us a line"
    done
    for shape in "${shapes[@]}"; do
        [[ $shape != poll-* ]] || table "$shape" "$shape" $rate "lines/s" $p50 "p50 us" $p99 "p99 us" $cpu "server CPU us a line"
    done
    table apart-churn "connect, a line, close; 16 at once, a core each" $rate connections/s $p50 "p50 us" $p99 "p99 us" $cpu "server CPU us each"
    table churn "connect, a line, close; 16 at once" $rate connections/s $p50 "p50 us" $p99 "p99 us" $cpu "server CPU us each"
    table hold10k "10,000 connections" $opened "s to open" $again "s to ask again" $each "KB each"
    table hold15k "15,000 connections" $opened "s to open" $again "s to ask again" $each "KB each"
    table burst-1 "1,000 connections, a line of 1,460 bytes on each" $each "KB each" $rested "KB each, 2.5 s later"
    table burst-64 "1,000 connections, 64 such lines at once on each" $each "KB each" $rested "KB each, 2.5 s later"
    table neighbour-0 "50 connections, one line in flight" $p99 "us p99" $rate "lines/s"
    table neighbour-1 "the same, and one client that sends and never reads" $p99 "us p99" $rate "lines/s"
    for shape in admin-50x64 admin-50x1 admin-1x1; do
        loop=${shape#*-} where=
        [ $shape != admin-1x1 ] || where=", a core each"
        table $shape "$(count "${loop%x*}" connection), $(count "${loop#*x}" line) in flight$where" $rate lines/s $p50 "p50 us" $p99 "p99 us" $cpu "server CPU us a line"
    done
    for count in 1 10 100 1000 10000; do
        table scale-$count "$(count $count connection), 16 lines in flight, a core each" $rate lines/s $p99 "p99 us" $cpu "server CPU us a line" $kb "KB resident"
    done
    for window in 1 16; do
        table fanout-$window "1,000 subscribers, $(count $window line) of 64 bytes in flight" $cpu "server CPU us a delivery" $rate deliveries/s $p50 "p50 us a window" $p99 "p99 us a window"
    done
    table end "a silent client that another one ends" $p50 "us p50" $p99 "us p99" $max "us at most"
    table dd "dd, read back" $rate MB/s $cpu "server CPU us a MB"
    for shape in {,apart-}kv-{set,get}-{1,16}; do
        IFS=- read -r _ command pipeline <<<"${shape#apart-}"
        [[ $shape != apart-* ]] || pipeline+=", a core each"
        table "$shape" "redis-benchmark -t $command -c 50 -P $pipeline" $rate requests/s $cpu "server CPU us a request"
    done
}
if [ $write = no ]; then
    tables
    exit
fi

out=docs/measurements
mkdir -p $out
{
    echo "load,contender,connections,outstanding,size,lines/s,p50 us,p99 us,p99.9 us,server CPU us a line,resident KB,max us,server CPU %,load CPU %,mode,rate wanted,unanswered,late p99 us,opened s,again s,KB a connection,non-readers ended,KB a connection rested"
    for shape in "${shapes[@]}"; do
        contenders_of "$shape"
        for name in "${names[@]}"; do
            sed "s/^/$shape,$name,/" "$scratch/$shape.$name"
        done
    done
} >$out/bench.csv
tables | tee $out/bench.md

if [ "$(nproc)" -lt 2 ]; then
    echo "skipped: the plots, which need two cores" >&2
    exit 0
fi
if ! command -v gnuplot >/dev/null; then
    skipped "the plots, because gnuplot is not installed"
    exit 0
fi
for shape in 50x64 50x1 1x1 churn; do
    contenders_of $shape
    for name in "${names[@]}"; do
        printf '"%s" %s\n' "$name" "$(ratio $rate "$scratch/$shape.$name" "$scratch/$shape.lined")"
    done | tr -d '()' | sed 's/ to / /' >"$scratch/plot-$shape"
done
for name in lined Go; do
    [ -n "${commands[$name]-}" ] || continue
    for count in 1 10 100 1000 10000; do
        file="$scratch/scale-$count.$name"
        echo "$count $(median $rate "$file") $(median $kb "$file")"
    done >"$scratch/plot-scale-$name"
done
gnuplot -e "scratch='$scratch'; out='$out'; when='$(date +%F), $(nproc) cores, medians of $rounds rounds'" \
    scripts/bench.gnuplot
