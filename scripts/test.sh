#!/usr/bin/env bash
# Builds and runs all tests: scripts/test.sh [--preset test|debug|asan|tsan|clang] [ctest options]
# One module: scripts/test.sh -R '^line$'
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset="test"
if [ "${1-}" = --preset ]; then
    preset=${2-}
    shift $(($# > 1 ? 2 : 1))
fi
case $preset in
test | debug | asan | tsan | coverage) scripts/install-deps.sh test ;;
clang) scripts/install-deps.sh test clang ;;
*)
    echo "test: --preset '$preset': must be test, debug, asan, tsan or clang" >&2
    exit 2
    ;;
esac
scripts/configure.sh "build/$preset" --preset "$preset"
cmake --build --preset "$preset" -- --quiet
status=0
# With the preset, a run without any test is a failure. Tests wait more than they compute.
ctest --preset "$preset" --parallel $((2 * $(nproc))) "$@" || status=$?
# The output of a passed test, also about skipped parts, is only in the log.
grep -h '^skipped: ' "build/$preset/Testing/Temporary/LastTest.log" || true
exit $status
