#!/usr/bin/env bash
# Builds everything for arm64 with Debian's cross compiler, and runs the tests of the server, of buffers and of
# options with qemu-user: scripts/check-arm64.sh
# The tests in test/qemu-user-lacks.txt are skipped. qemu-user has neither seccomp(2) nor Landlock, so the
# sandbox is compiled, and does not run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

modules='errno_name|line_buffer|inspect|options|vectors|server_.*|callbacks|slow_clients|endpoint|listener|listeners'

scripts/install-deps.sh arm64
scripts/configure.sh build/arm64 --preset arm64
cmake --build --preset arm64 -- --quiet

# Without qemu in binfmt_misc the kernel cannot run a lined for arm64, so the tests run this script.
lined=$PWD/build/arm64/lined-by-qemu
printf '#!/bin/sh\nexec qemu-aarch64 "%s" "$@"\n' "$PWD/build/arm64/lined" >"$lined"
chmod 755 "$lined"

status=0
TEST_LINED=$lined TEST_SKIP=$PWD/test/qemu-user-lacks.txt \
    ctest --preset arm64 -R "^($modules)\$" "$@" || status=$?
skipped=$(grep -h '^skipped: ' build/arm64/Testing/Temporary/LastTest.log || true)
echo "$skipped"
while IFS= read -r line; do
    [[ $skipped == *": $line"* ]] || {
        echo "check-arm64: test/qemu-user-lacks.txt names a test that does not exist: $line" >&2
        status=1
    }
done <test/qemu-user-lacks.txt
exit $status
