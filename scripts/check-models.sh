#!/usr/bin/env bash
# Explores every state of the models in test/models with spin, and shows that spin finds each bug that
# is planted in them: scripts/check-models.sh [--quick]. A search that was not exhaustive is a failure.
# --quick leaves the planted bugs out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case ${1-} in
"" | --quick) quick=${1-} ;;
*) echo "usage: scripts/check-models.sh [--quick]" >&2 && exit 2 ;;
esac
scripts/install-deps.sh models
models=$PWD/test/models
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# A model names the code that its steps stand for: [file.c function]. The file must be in src/ or a folder
# of it, and must define the function: a call, which is indented, is not enough.
while read -r file function; do
    source=$(find src -name "$file")
    if [ -z "$source" ] || ! xargs grep -qE "^[a-z].*\b$function\(" <<<"$source"; then
        echo "check-models: no $file in src/ defines $function: bring test/models up to date" >&2
        exit 1
    fi
done < <(grep -ohE '\[[a-z_]+\.c [a-z_]+\]' "$models"/*.pml | tr -d '[]' | sort -u)

# explore NAME FILE FLAG...: writes the output of the search to NAME.out. Memory and depth are bounded; a
# search that reaches a bound counts as an error below.
explore() {
    local name=$1 file=$2 optimize=-O2
    shift 2
    [[ $* != *MUTANT_* ]] || optimize=-O0 # a bug is found early: compiling takes most of the time
    mkdir "$scratch/$name"
    (
        cd "$scratch/$name"
        spin -a "$@" "$models/$file" &&
            gcc "$optimize" -w -DSAFETY -DCOLLAPSE -DMEMLIM=3000 -o pan pan.c &&
            ./pan -m1000000 -w22
    ) >"$scratch/$name.out" 2>&1 || true
}

number() { grep -oE "$2" "$scratch/$1.out" | grep -oE '[0-9]+' | head -1 || true; }

row() { printf '%-48s %10s %6s %6s  %s\n' "$@"; }

# judge_model NAME: prints its row. 1 unless every state was explored without an error.
judge_model() {
    local out="$scratch/$1.out" verdict=clean
    if grep -qE 'max search depth too small|out of memory|reached -DMEMLIM|Search not completed' "$out" ||
        ! grep -q '^Full statespace search' "$out"; then
        verdict="NOT EXHAUSTIVE"
    fi
    grep -q 'errors: 0$' "$out" || verdict="WRONG: $(grep -m1 '^pan:1:' "$out" || tail -1 "$out")"
    row "$1" "$(number "$1" '[0-9]+ states, stored')" "$(number "$1" 'depth reached [0-9]+')" \
        "$(number "$1" 'errors: [0-9]+')" "$verdict"
    [ "$verdict" = clean ]
}

# judge_mutant NAME: prints its row, with the first error. 1 if there is none.
judge_mutant() {
    local out="$scratch/$1.out" found
    found=$(grep -m1 -oE '^pan:1: (invalid end state|assertion violated.*)' "$out" | cut -c8-60) || return 1
    row "$1" "$(number "$1" '[0-9]+ states, stored')" "$(number "$1" 'depth reached [0-9]+')" \
        "$(number "$1" 'errors: [0-9]+')" "found: $found"
}

scenarios_of() { sed -n 's/^ \* SCENARIO \([0-9]\):.*/\1/p' "$models/$1"; }
mutants_of() { grep -oE 'MUTANT_[A-Z_]+[A-Z]' "$models/$1" | sort -u; }

# mutant FILE NAME: tries the scenarios, last first, until one shows the bug.
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

# check NAME FILE FLAG...: explores all states of a model.
check() {
    explore "$@"
    judge_model "$1"
}

# start COMMAND...: runs it in the background, at most one command for each processor at a time.
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
    echo "check-models: a model has an error or was not explored to its end, or a planted bug was not found" >&2
    exit 1
fi
found="$planted planted bugs, all found"
[ -z "$quick" ] || found="no bug planted (--quick)"
echo "check-models: every state explored; $found"
