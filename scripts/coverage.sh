#!/usr/bin/env bash
# Runs the tests, injects failures into calls of lined, and measures the coverage of src/; fails below the
# floor. gcovr.cfg defines what counts; build/coverage/html/ shows each line.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
lines_least=95 branches_least=90
build=build/coverage

scripts/install-deps.sh coverage
scripts/configure.sh $build --preset coverage
cmake --build --preset coverage -- --quiet
find $build -name '*.gcda' -delete # of earlier runs
# The counter files are first written to this folder, which every user can reach: some tests become another
# user, and the checkout may be in a home that only its owner can enter.
counters=$(mktemp -d)
trap 'rm -rf "$counters"' EXIT
chmod 777 "$counters"
export GCOV_PREFIX=$counters
# A lined in the sandbox cannot write its counters. The tests of the sandbox enable it themselves.
export LINED_NO_SANDBOX=yes

# All processes add to the counter files, also those that a test runs as user nobody.
own_umask=$(umask)
umask 0

# fail_calls MOST CALL [lined's options]: see test/torture/faults.c.
fail_calls() {
    $build/test/torture/torture-faults $build/lined $build/test/faults/libfault.so "$@" ||
        {
            echo "coverage: lined did not survive a failing call" >&2
            return 1
        }
}
# They wait most of the time, so the tests run at the same time.
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
