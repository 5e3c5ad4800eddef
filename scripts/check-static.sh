#!/usr/bin/env bash
# Builds lined statically with musl, and runs the tests of the command against it: scripts/check-static.sh
# The tests themselves are built with glibc, by the preset test. TEST_LINED names the lined that they run.
# Tests that need a module are skipped; the last lines name them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# All modules that run lined as a process, except those of the build and of the documents, and those that
# replace functions of a shared C library (LD_PRELOAD).
modules='vectors|command_.*|confinement|peer|statistics|log_overflow|netcat|load_dd|chat|pubsub_netcat|kv|kv_http|kv_limits|kv_expiry|redis|redis_py|hiredis|node_redis|ioredis'

scripts/install-deps.sh static
scripts/configure.sh build/static --preset static
cmake --build --preset static -- --quiet
lined=$PWD/build/static/lined

fail() {
    echo "check-static: $1" >&2
    exit 1
}
segments=$(readelf --program-headers --wide "$lined")
[[ $segments != *INTERP* ]] || fail "$lined needs a dynamic linker"
[[ $(readelf --dynamic "$lined") != *NEEDED* ]] || fail "$lined needs libraries"
[[ $segments == *"Elf file type is DYN"* ]] || fail "$lined is at a fixed address: it is not a static PIE"
[[ $segments == *GNU_RELRO* ]] || fail "$lined has no RELRO segment"

TEST_LINED=$lined scripts/test.sh -R "^($modules)\$" "$@"
