#!/usr/bin/env bash
# Each module of docs/examples builds outside the tree, against an installed lined; it includes lined.h and the C
# library only, and has no variable at file scope.
set -euo pipefail
root=$1 lined=$2 build=$3
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need ninja nc readelf
prefix=$scratch/prefix

cached() { sed -n "s/^$1:[^=]*=//p" "$build/CMakeCache.txt"; }
sanitize=$(cached LINED_SANITIZE)

build_example() { # FOLDER
    {
        cmake -S "$1" -B "$1/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
            -DCMAKE_C_COMPILER="$(cached CMAKE_C_COMPILER)" \
            -DCMAKE_C_FLAGS="-pedantic -Wall -Wextra -Wshadow -Wconversion -Werror ${sanitize:+-fsanitize=$sanitize}" &&
            cmake --build "$1/build"
    } >"$scratch/said" 2>&1 || fail "$1 does not build: $(cat "$scratch/said")"
}

# The objects in writable sections; constants that contain addresses are in .data.rel.ro. A sanitizer adds others.
variables() { # FILE.so
    local indexes
    indexes=$(readelf -SW "$1" | sed -nE 's/^ *\[ *([0-9]+)\] \.(data|bss|tdata|tbss) .*/\1/p' | paste -sd '|')
    readelf -sW "$1" | awk -v sections="^(${indexes:-none})\$" '($4 == "OBJECT" || $4 == "TLS") && $7 ~ sections { print $8 }' |
        grep -vE '^(completed\.[0-9]+|__dso_handle|__TMC_END__)$' || true
}

cmake --install "$build" --prefix "$prefix" >/dev/null
lined=$prefix/bin/lined
for folder in "$root"/docs/examples/*/; do
    name=$(basename "$folder")
    cp -r "$folder" "$scratch/$name"
    strange=$(grep -hE '^ *# *include *"|^ *# *include *<lined[^.]' "$scratch/$name"/*.c || true)
    [ -z "$strange" ] || fail "$name includes more than lined.h: $strange"
    build_example "$scratch/$name"
    [ -n "$sanitize" ] || [ -z "$(variables "$scratch/$name/build/$name.so")" ] ||
        fail "$name has variables: $(variables "$scratch/$name/build/$name.so")"
done

serve --handler "$scratch/queue/build/queue.so" --quiet
reply=$(printf 'put 0 0 10 5\r\nhello\r\nreserve\r\n' | nc -N 127.0.0.1 "$port")
[ "$reply" = $'INSERTED 1\r\nRESERVED 1 5\r\nhello\r' ] || fail "queue: nc received: $reply"
end_serving
