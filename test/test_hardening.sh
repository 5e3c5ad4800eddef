#!/usr/bin/env bash
# What is installed is hardened: as the flags show in the binaries, and, for those that leave no
# trace there, as the compiler was called.
set -euo pipefail
root=$1 build=$3

cached() { sed -n "s/^$1:[^=]*=//p" "$build/CMakeCache.txt"; }
if [ -n "$(cached LINED_SANITIZE)" ]; then
    echo "skipped: test_hardening: sanitizers take the place of hardening"
    exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

failures=0
expect() { # FILE WHAT PATTERN COMMAND...: the pattern is in what the command prints
    local said
    said=$("${@:4}") || true
    grep -qE -e "$3" <<<"$said" && return
    echo "FAILED: ${1##*/}: no $2" >&2
    failures=1
}

# What both kinds of file have.
expect_hardened() { # FILE
    expect "$1" "RELRO segment" 'GNU_RELRO' readelf -lW "$1"
    expect "$1" "immediate binding (-z now)" 'FLAGS.* (BIND_)?NOW' readelf -dW "$1"
    expect "$1" "stack that is not executable" 'GNU_STACK.* RW +0x' readelf -lW "$1"
    expect "$1" "stack protector" ' __stack_chk_fail' readelf --dyn-syms -W "$1"
    [ "$(cached CMAKE_BUILD_TYPE)" = Debug ] || # fortify needs the optimizer
        expect "$1" "fortified function" ' __[a-z]+_chk@' readelf --dyn-syms -W "$1"
}

cmake --install "$build" --prefix "$scratch" >/dev/null
lined=$scratch/bin/lined
expect_hardened "$lined"
expect "$lined" "PIE: type" 'Type: +DYN' readelf -hW "$lined"
expect "$lined" "PIE: flag" 'FLAGS_1.* PIE' readelf -dW "$lined"
expect_hardened "$(find "$scratch" -name 'liblined.so.*.*.*')"

# Calls that lined does without: common filters of system calls kill a process that changes its
# scheduling policy, and malloc_trim(3) holds malloc's lock for hundreds of milliseconds.
said=$(readelf --dyn-syms -W "$lined" | grep -oE ' (malloc_trim|sched_setscheduler|sched_setattr)@' || true)
[ -z "$said" ] || {
    echo "FAILED: lined calls$said" >&2
    failures=1
}

# Branch tracking and shadow stacks: a note in every object. The linked files have it only where the
# C library's start files have it too, which those of Debian 12 do not.
if [ "$(uname -m)" = x86_64 ]; then
    archive=$(find "$scratch" -name liblined.a)
    objects=$(ar t "$archive" | wc -l)
    noted=$(readelf -nW "$archive" | grep -c 'IBT, SHSTK' || true)
    [ "$objects" -eq "$noted" ] || {
        echo "FAILED: liblined.a: $noted of its $objects objects have IBT and SHSTK" >&2
        failures=1
    }
fi

# Every source of the library and the command, in the words of the compiler's command line.
calls=$(tr -d '\n' <"$build/compile_commands.json" | sed 's/}/}\n/g' | grep -F "\"$root/src/")
[ "$(wc -l <<<"$calls")" -ge 40 ] || {
    echo "FAILED: compile_commands.json has few of the sources: $calls" >&2
    failures=1
}
# A compiler knows some for some machines only; those it knows are given.
compiler=$(cached CMAKE_C_COMPILER)
for flag in -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
    -mbranch-protection=standard -fno-delete-null-pointer-checks -fno-strict-overflow; do
    "$compiler" -Werror "$flag" -x c -c -o "$scratch/known.o" /dev/null 2>/dev/null || continue
    without=$(grep -vF -e " $flag " <<<"$calls" || true)
    [ -z "$without" ] || {
        echo "FAILED: $flag is not given to: $without" >&2
        failures=1
    }
done
exit $failures
