#!/usr/bin/env bash
# Runs the tests, lets calls of lined fail, and counts what of src/ is reached; fails below the floor.
# gcovr.cfg says what counts; build/coverage/html/ shows each line.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
lines_least=95 branches_least=90
build=build/coverage

scripts/install-deps.sh coverage
scripts/configure.sh $build --preset coverage
cmake --build --preset coverage -- --quiet
find $build -name '*.gcda' -delete # of earlier runs
# The counters' files are written below this folder first, which every user can reach: some tests become
# another user, and the checkout may be below a home that only its owner may enter.
counters=$(mktemp -d)
trap 'rm -rf "$counters"' EXIT
chmod 777 "$counters"
export GCOV_PREFIX=$counters
# A lined in the sandbox could not write its counters. The sandbox's own tests ask for it themselves.
export LINED_NO_SANDBOX=yes

# Counters are files that all add to, those that a test runs as nobody, too.
own_umask=$(umask)
umask 0

# fail_calls MOST CALL [lined's options]: see test/torture/faults.c.
fail_calls() {
    $build/test/torture/torture-faults $build/lined $build/test/faults/libfault.so "$@" ||
        {
            echo "coverage: a failing call did harm" >&2
            return 1
        }
}
# They mostly wait, so the tests run meanwhile.
fail_calls 1 all &
waiting=($!)
fail_calls 0 alloc &
waiting+=($!)
fail_calls 0 alloc --mode active --max-per-ip 100 &
waiting+=($!)
scripts/test.sh --preset coverage
harm=0
for pid in "${waiting[@]}"; do
    wait "$pid" || harm=1
done
[ $harm -eq 0 ]
umask "$own_umask"
cp -r "$counters$PWD/$build/." $build
unset GCOV_PREFIX
mkdir -p $build/html
gcovr $build --txt - --print-summary --html-details $build/html/index.html \
    --fail-under-line $lines_least --fail-under-branch $branches_least ||
    {
        echo "coverage: below the floor of $lines_least % of lines, $branches_least % of branches" >&2
        exit 1
    }
