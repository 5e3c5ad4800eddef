#!/usr/bin/env bash
# Explores every state of the models in docs/models with spin, and checks that spin finds each bug that
# is planted in them: scripts/check-models.sh [--quick]. Fails where a search was not exhaustive, too.
# --quick leaves the planted bugs out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case ${1-} in
"" | --quick) quick=${1-} ;;
*) echo "usage: scripts/check-models.sh [--quick]" >&2 && exit 2 ;;
esac
scripts/install-deps.sh models
models=$PWD/docs/models
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What a model names is there: [file.c function].
for named in $(grep -ohE '\[[a-z_]+\.c [a-z_]+\]' "$models"/*.pml | tr -d '[]' | tr ' ' : | sort -u); do
    grep -qE "\b${named#*:}\(" "src/${named%:*}" || {
        echo "check-models: src/${named%:*} has no ${named#*:}: bring docs/models up to date" >&2
        exit 1
    }
done

# explore NAME FILE FLAG...: the search's output in NAME.out. Memory and depth are bounded; reaching a
# bound is an error below.
explore() {
    local name=$1 file=$2 optimize=-O2
    shift 2
    [[ $* != *MUTANT_* ]] || optimize=-O0 # found early: compiling is what takes time
    mkdir "$scratch/$name"
    (
        cd "$scratch/$name"
        spin -a "$@" "$models/$file" &&
            gcc "$optimize" -w -DSAFETY -DCOLLAPSE -DMEMLIM=3000 -o pan pan.c &&
            ./pan -m1000000 -w22
    ) >"$scratch/$name.out" 2>&1 || true
}

figure() { grep -oE "$2" "$scratch/$1.out" | grep -oE '[0-9]+' | head -1 || true; }

row() { printf '%-48s %10s %6s %6s  %s\n' "$@"; }

# Every state seen, and nothing wrong.
judge_model() {
    local out="$scratch/$1.out" verdict=clean
    if grep -qE 'max search depth too small|out of memory|reached -DMEMLIM|Search not completed' "$out" ||
        ! grep -q '^Full statespace search' "$out"; then
        verdict="NOT EXHAUSTIVE"
    fi
    grep -q 'errors: 0$' "$out" || verdict="WRONG: $(grep -m1 '^pan:1:' "$out" || tail -1 "$out")"
    row "$1" "$(figure "$1" '[0-9]+ states, stored')" "$(figure "$1" 'depth reached [0-9]+')" \
        "$(figure "$1" 'errors: [0-9]+')" "$verdict"
    [ "$verdict" = clean ]
}

# The first thing that is wrong.
judge_mutant() {
    local out="$scratch/$1.out" found
    found=$(grep -m1 -oE '^pan:1: (invalid end state|assertion violated.*)' "$out" | cut -c8-60) || return 1
    row "$1" "$(figure "$1" '[0-9]+ states, stored')" "$(figure "$1" 'depth reached [0-9]+')" \
        "$(figure "$1" 'errors: [0-9]+')" "found: $found"
}

scenarios_of() { sed -n 's/^ \* SCENARIO \([0-9]\):.*/\1/p' "$models/$1"; }
mutants_of() { grep -oE 'MUTANT_[A-Z_]+[A-Z]' "$models/$1" | sort -u; }

# mutant FILE NAME: in whichever scenario shows it, those with few states first.
mutant() {
    local scenario name="${1%.pml}-$2"
    if [ -z "$(scenarios_of "$1")" ]; then
        explore "$name" "$1" "-D$2"
        judge_mutant "$name" && return
    else
        for scenario in $(scenarios_of "$1" | tac); do
            explore "$name-$scenario" "$1" "-D$2" "-DSCENARIO=$scenario"
            judge_mutant "$name-$scenario" && return
        done
    fi
    row "$name" - - - "NOT FOUND"
    return 1
}

# check NAME FILE FLAG...: all of a model.
check() {
    explore "$@"
    judge_model "$1"
}

# start COMMAND...: beside as many others as there are processors. Rows come as they are done.
start() {
    while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
        wait -n || true
    done
    { "$@" || touch "$scratch/wrong"; } &
}

row model states depth errors verdict
for file in stop thread_cache; do
    for scenario in $(scenarios_of $file.pml); do # the first is the largest
        start check "$file-$scenario" $file.pml "-DSCENARIO=$scenario"
    done
done
start check push push.pml
start check mailbox mailbox.pml
planted=0
for file in stop.pml push.pml mailbox.pml thread_cache.pml; do
    [ -z "$quick" ] || break
    for name in $(mutants_of "$file"); do
        start mutant "$file" "$name"
        planted=$((planted + 1))
    done
done
wait
if [ -e "$scratch/wrong" ] || { [ "$planted" -eq 0 ] && [ -z "$quick" ]; }; then
    echo "check-models: a model is wrong, or not explored to its end, or a planted bug was not found" >&2
    exit 1
fi
echo "check-models: every state explored; $planted planted bugs, each found"
