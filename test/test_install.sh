#!/usr/bin/env bash
# What cmake --install puts in place can be used: the command, the header, both libraries.
set -euo pipefail
root=$1 build=$3
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

cmake --install "$build" --prefix "$prefix" >/dev/null
[[ $("$prefix/bin/lined" --version) == "lined "* ]] || fail "the command does not run"
[ -s "$prefix/share/man/man1/lined.1" ] || fail "there is no man page"
[ -s "$prefix/include/lined.h" ] || fail "there is no header"
library=$(find "$prefix" -name liblined.so)
[ -n "$library" ] || fail "there is no shared library"
[ -n "$(find "$prefix" -name liblined.a)" ] || fail "there is no static library"

# The README's example builds against it, without a warning that counts.
awk '/^```/ { inside = /c$/; next } inside' "$root/README.md" >"$prefix/echo.c"
cc -Wall -Werror -o "$prefix/echo" "$prefix/echo.c" -I"$prefix/include" "$library"

# Nothing but lined_ names can be linked against.
strange=$(nm -D --defined-only "$library" | awk '$3 !~ /^lined_/ && $2 != "A" { print $3 }' |
    grep -v -e '^__asan' -e '^__tsan' -e '^__odr_asan' || true)
[ -z "$strange" ] || fail "the library exports $strange"
