#!/usr/bin/env bash
# Runs the tests and counts what of src/ they reach; fails below the floor. gcovr.cfg says what
# counts; build/coverage/html/ shows each line.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
lines_least=95 branches_least=90

scripts/install-deps.sh coverage
[ ! -d build/coverage ] || find build/coverage -name '*.gcda' -delete # of earlier runs
scripts/test.sh --preset coverage
mkdir -p build/coverage/html
gcovr build/coverage --txt - --print-summary --html-details build/coverage/html/index.html \
    --fail-under-line $lines_least --fail-under-branch $branches_least ||
    {
        echo "coverage: below the floor of $lines_least % of lines, $branches_least % of branches" >&2
        exit 1
    }
