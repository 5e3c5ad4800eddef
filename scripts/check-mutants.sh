#!/usr/bin/env bash
# Plants one bug at a time (test/mutants/*.patch) in a copy of the sources, and shows which test kills it:
# scripts/check-mutants.sh [--quick] [NAME...]
# Exit status 1: a mutant survives, does not apply, does not compile, or names a test that is not there.
# docs/hacking.md says how to add one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# A test that takes longer is said to hang, which kills the mutant too.
seconds_max=60

quick=no
if [ "${1-}" = --quick ]; then
    quick=yes
    shift
fi
scripts/install-deps.sh test
mutants=$PWD/test/mutants
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
    for patch in "$mutants"/*.patch; do
        [ $quick = no ] || grep -q '^Quick: yes' "$patch" || continue
        names+=("$(basename "$patch" .patch)")
    done
fi

git ls-files -z --cached --others --exclude-standard -- . ':!docs/measurements' |
    while IFS= read -r -d '' file; do [ ! -f "$file" ] || printf '%s\0' "$file"; done |
    xargs -0 cp --parents -t "$scratch"
root=$PWD
cd "$scratch"

# build PRESET MODULE: one folder for each preset; after the first time it builds only what a patch changes.
build() {
    scripts/configure.sh "build/$1" --preset "$1" >"$scratch/said" 2>&1 || return
    cmake --build --preset "$1" --target "test_$2" -- --quiet >"$scratch/said" 2>&1
}

# has_test MODULE [CASE]: the module is there, and has the case.
has_test() { grep -qF "START_TEST(${2:+$2)}" "test/test_$1.c"; }

# run PRESET MODULE [CASE]: 0 if the test passes, or the whole module without CASE.
run() {
    (
        [ -z "$3" ] || export CK_RUN_CASE=$3
        timeout --kill-after=5 "$seconds_max" "build/$1/test/test_$2" >"$scratch/said" 2>&1
    )
}

row() { printf '%-28s %-72s %7s  %s\n' "$@"; }

# judge NAME: prints its row. 1 if the mutant is not killed.
judge() {
    local patch="$mutants/$1.patch" preset module case began verdict=killed status=0
    [ -e "$patch" ] || {
        row "$1" - - "NO SUCH PATCH"
        return 1
    }
    read -r preset module case < <(sed -n 's/^Killed-by: //p' "$patch")
    began=$SECONDS
    # The test must pass without the bug; otherwise its failure would say nothing about the bug.
    if ! has_test "$module" "$case" 2>said; then
        verdict="NO SUCH TEST"
    elif [ ! -e "passed-$preset-$module-$case" ]; then
        if build "$preset" "$module" && run "$preset" "$module" "$case"; then
            : >"passed-$preset-$module-$case"
        else
            verdict="FAILS WITHOUT THE BUG"
        fi
    fi
    if [ "$verdict" != killed ]; then
        cat said >&2
    elif ! patch -p0 --batch --forward --quiet -r rejected <"$patch" >said 2>&1; then
        verdict="DOES NOT APPLY"
    elif ! build "$preset" "$module"; then
        verdict="DOES NOT COMPILE"
        cat said >&2
    else
        run "$preset" "$module" "$case" || status=$?
        case $status in
        0) verdict=SURVIVED ;;
        124 | 137) verdict="killed (hangs)" ;;
        esac
    fi
    # The sources without the bug, with new times, so that Ninja sees the change.
    sed -n 's/^--- \([^[:space:]]*\).*/\1/p' "$patch" | while read -r file; do
        cat "$root/$file" >"$file"
    done
    row "$1" "$preset $module${case:+: $case}" "$((SECONDS - began))" "$verdict"
    [[ $verdict == killed* ]]
}

row mutant "killed by" seconds verdict
killed=0
for name in "${names[@]}"; do
    if judge "$name"; then killed=$((killed + 1)); fi
done
echo "check-mutants: $killed of ${#names[@]} killed"
[ "$killed" -eq "${#names[@]}" ]
