#!/usr/bin/env bash
# The examples of docs/examples build outside the sources, against an installed lined. Each includes lined.h and
# the C library only, and is short. The modules stay in the folder examples of the build: smtp and queue test them.
# Neither an example nor a built-in handler has a variable at file scope. kv stays short.
set -euo pipefail
root=$1 lined=$2 build=$3
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need ninja objdump
prefix=$scratch/prefix

cached() { sed -n "s/^$1:[^=]*=//p" "$build/CMakeCache.txt"; }
compiler=$(cached CMAKE_C_COMPILER)
sanitize=$(cached LINED_SANITIZE)

build_example() { # FOLDER
    {
        cmake -S "$1" -B "$1/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$compiler" \
            -DCMAKE_C_FLAGS="-pedantic -Wall -Wextra -Wshadow -Wconversion -Werror ${sanitize:+-fsanitize=$sanitize} $(cached CMAKE_C_FLAGS)" &&
            cmake --build "$1/build"
    } >"$scratch/said" 2>&1 || fail "$1 does not build: $(cat "$scratch/said")"
}

# Two servers in a process would share a variable of a file. Constants with addresses are in .data.rel.ro.
list_variables() { # SOURCE
    "$compiler" -std=gnu11 -I"$root/include" -fPIC -c -o "$scratch/variables.o" "$1"
    objdump -t "$scratch/variables.o" | grep -E ' \.t?(data|bss)' | grep -vE '\.data\.rel\.ro| d +\.' || true
}

cmake --install "$build" --prefix "$prefix" >/dev/null
mkdir -p "$build/examples"
for folder in "$root"/docs/examples/*/; do
    name=$(basename "$folder")
    cp -r "$folder" "$scratch/$name"
    strange=$(grep -hE '^ *# *include *("|<lined[^.])' "$scratch/$name"/*.c || true)
    [ -z "$strange" ] || fail "$name includes more than lined.h: $strange"
    lines=$(cat "$scratch/$name"/*.c | wc -l)
    [ "$lines" -le 600 ] || fail "$name has $lines lines: an example has at most 600"
    build_example "$scratch/$name"
    # A server of another test may have loaded the file: it is replaced, not written.
    cp "$scratch/$name/build/$name.so" "$scratch/$name.so"
    mv "$scratch/$name.so" "$build/examples/$name.so"
done

# kv is a handler to learn from. No text in it has the marks of a comment.
without_comments() { sed -e ':line; $!{N; b line}; s/\*\//\x01/g; s/\/\*[^\x01]*\x01//g' "$1"; }
lines=0
for source in "$root"/src/handlers/kv/*.[ch]; do
    [ "$(wc -l <"$source")" -le 300 ] || fail "$source has more than 300 lines: divide it"
    [[ $source == *.h ]] || lines=$((lines + $(without_comments "$source" | grep -c '[^[:space:]]')))
done
[ "$lines" -gt 1000 ] || fail "kv has only $lines lines of code: they are not counted"
[ "$lines" -le 3200 ] || fail "kv has $lines lines of code without comments and headers: it has at most 3,200"

for source in "$root"/docs/examples/*/*.c "$root"/src/handlers/*/*.c; do
    found=$(list_variables "$source")
    [ -z "$found" ] || fail "$source has variables: $found"
done
while read -r planted; do
    echo "$planted long count(void); long count(void) { return (long)counted++; }" >"$scratch/counts.c"
    [[ $(list_variables "$scratch/counts.c") == *counted* ]] || fail "a variable is not found: $planted"
done <<'PLANTED'
static int counted;
static int counted = 1;
static _Thread_local int counted;
static _Thread_local int counted = 1;
static int one; static int *counted = &one;
PLANTED
