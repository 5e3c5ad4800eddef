#!/usr/bin/env bash
# The includes of src/ and include/ go down only, and no modules include each other in a circle. A
# module is a .c file with the .h file of its name.
set -euo pipefail
root=$1

# From top to bottom: a folder, a colon, and the files that its files may include. A * stands for one
# part of a path.
layers='
src/command:      src/command/* src/command/*/* src/handlers/*/*.h src/net/address.h src/net/cidr.h src/net/endpoint.h src/base/* include/lined.h
src/load:         src/load/* src/net/address.h src/base/*
src/handlers/*:   include/lined.h
src/handlers:     include/lined.h
src:              src/* src/active/* src/conn/* src/table/* src/net/* src/buffer/* src/base/* include/lined.h
src/active:       src/active/* src/conn/* src/table/* src/net/* src/buffer/* src/base/* include/lined.h
src/conn:         src/conn/* src/table/* src/net/* src/buffer/* src/base/* include/lined.h
src/table:        src/table/* src/buffer/* src/base/* include/lined.h
src/net:          src/net/* src/buffer/* src/base/* include/lined.h
src/buffer:       src/buffer/* src/base/* include/lined.h
src/base:         src/base/* include/lined.h
include:
'
# Only these include these; each file of a handler may include those of its own folder besides.
private='
src/server.h:     src/server.c src/server_listen.c src/push.c src/foreach.c src/remote.c src/timers.c
'

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Prints "FROM TO" for each include of a file of the project, with paths from the project's folder on,
# and "FROM ?NAME" for one in quotes that is no such file.
list_includes() ( # ROOT
    cd "$1"
    grep -roE '^ *# *include *["<][^">]+' src include --include='*.[ch]' | sort |
        sed -E 's/:.*(["<])/ \1 /' | while read -r from kind name; do
        to=
        for folder in "${from%/*}" src include; do
            [ "$kind" = '<' ] && [ "$folder" != include ] && continue
            [ -e "$folder/$name" ] && to=$folder/$name && break
        done
        [ -z "$to" ] && [ "$kind" = '<' ] && continue # of the system
        echo "$from ${to:-?$name}"
    done
)

# Prints the includes of a list that the table does not allow.
find_upward() {
    awk -v layers="$layers" -v private="$private" '
        function pattern(glob) { gsub(/\./, "\\.", glob); gsub(/\*/, "[^/]+", glob); return "^" glob "$" }
        function read_table(text, keys, values,    lines, n, i, count) {
            n = split(text, lines, "\n")
            for (i = 1; i <= n; i++)
                if (split(lines[i], parts, ":") == 2) {
                    keys[++count] = pattern(parts[1])
                    values[count] = parts[2]
                }
            return count
        }
        function is_among(file, globs,    parts, n, i) {
            n = split(globs, parts, " ")
            for (i = 1; i <= n; i++)
                if (file ~ pattern(parts[i]))
                    return 1
            return 0
        }
        function is_allowed(from, to,    folder, i) {
            folder = from
            sub(/\/[^\/]*$/, "", folder)
            for (i = 1; i <= private_count; i++)
                if (to ~ private_key[i])
                    return is_among(from, private_value[i])
            if (folder ~ /^src\/handlers\// && index(to, folder "/") == 1)
                return 1
            # The nearest folder above that has a row.
            for (; folder != ""; folder = folder ~ /\// ? substr(folder, 1, match(folder, /\/[^\/]*$/) - 1) : "")
                for (i = 1; i <= layer_count; i++)
                    if (folder ~ layer_key[i])
                        return is_among(to, layer_value[i])
            return 0
        }
        BEGIN {
            layer_count = read_table(layers, layer_key, layer_value)
            private_count = read_table(private, private_key, private_value)
        }
        !is_allowed($1, $2) { print $1 " includes " $2 }'
}

# Prints the circles of modules that include each other, one a line. A header without a .c file belongs to
# the modules that include it: what it includes, they include.
find_circles() { # ROOT
    awk -v sources="$(cd "$1" && find src -name '*.c' | tr '\n' ' ')" '
        function module(file) { sub(/\.[ch]$/, "", file); return file }
        function is_bare(file) {
            return index(" " sources, " " module(file) ".c ") == 0
        }
        function follow(from, to,    parts, n, i) {
            if ((from, to) in seen)
                return
            seen[from, to] = 1
            if (module(to) != from)
                print from, module(to)
            n = is_bare(to) ? split(included[to], parts, " ") : 0
            for (i = 1; i <= n; i++)
                follow(from, parts[i])
        }
        { from[NR] = $1; to[NR] = $2; included[$1] = included[$1] " " $2 }
        END {
            for (i = 1; i <= NR; i++)
                if (!is_bare(from[i]))
                    follow(module(from[i]), to[i])
                else if (is_bare(to[i]))
                    print module(from[i]), module(to[i])
        }' | { tsort || true; } 2>&1 >"$scratch/sorted" |
        awk '{ sub(/^tsort: /, "") } /loop:$/ { printf "%sa circle:", (NR > 1 ? "\n" : "") } !/loop:$/ { printf " %s", $0 }
             END { if (NR > 0) print "" }'
}

# Prints all that is wrong with the includes below a folder.
check_includes() { # ROOT
    list_includes "$1" >"$scratch/includes"
    find_upward <"$scratch/includes"
    find_circles "$1" <"$scratch/includes"
}

wrong=$(check_includes "$root")
[ "$(wc -l <"$scratch/includes")" -gt 200 ] || wrong="there are only $(wc -l <"$scratch/includes") includes"
[ -z "$wrong" ] || {
    echo "FAILED: $wrong" >&2
    exit 1
}

# Each include that is planted in a copy of the sources is found.
plant() { # FILE INCLUDE EXPECTED-PATTERN
    rm -rf "$scratch/copy"
    mkdir "$scratch/copy"
    cp -R "$root/src" "$root/include" "$scratch/copy"
    echo "#include $2" >>"$scratch/copy/$1"
    wrong=$(check_includes "$scratch/copy")
    grep -qxE "$3" <<<"$wrong" || {
        echo "FAILED: $1 that includes $2: expected '$3', found '$wrong'" >&2
        exit 1
    }
}
plant src/buffer/line_buffer.c '"net/peer.h"' 'src/buffer/line_buffer.c includes src/net/peer.h'
plant src/net/peer.c '"table/totals.h"' 'src/net/peer.c includes src/table/totals.h'
plant src/command/log/inspect.c '"net/peer.h"' 'src/command/log/inspect.c includes src/net/peer.h'
plant src/load/clock.h '<lined.h>' 'src/load/clock.h includes include/lined.h'
plant src/handlers/chat/chat.c '"handlers/kv/kv.h"' 'src/handlers/chat/chat.c includes src/handlers/kv/kv.h'
plant src/handlers/upper/upper.c '"base/values.h"' 'src/handlers/upper/upper.c includes src/base/values.h'
plant src/worker.c '"server.h"' 'src/worker.c includes src/server.h'
plant src/worker.c '"acceptor.h"' 'a circle:.* src/acceptor.*'
plant src/base/invariant.h '"monotonic.h"' 'a circle:.* src/base/monotonic.*'
plant include/lined.h '"nowhere.h"' 'include/lined.h includes \?nowhere.h'
