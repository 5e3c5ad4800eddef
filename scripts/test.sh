#!/usr/bin/env bash
# Builds and runs all tests: scripts/test.sh [--preset test|debug|asan|tsan|clang] [ctest options]
# One module: scripts/test.sh -R '^line$'
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

preset="test"
if [ "${1-}" = --preset ]; then
    preset=${2:?--preset needs a name: test, debug, asan, tsan or clang}
    shift 2
fi
scripts/install-deps.sh test
[ -e "build/$preset/build.ninja" ] || cmake --preset "$preset"
cmake --build --preset "$preset" -- --quiet
# The preset makes running no test a failure. Tests wait more than they compute.
ctest --preset "$preset" --parallel $((2 * $(nproc))) "$@"
