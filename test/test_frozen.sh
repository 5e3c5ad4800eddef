#!/usr/bin/env bash
# Programs that were built with the header of version 1.0, test/abi/lined-1.0.h, run with the library of
# today: one does, and the functions, constants and structs that they know are as they were.
set -euo pipefail
root=$1 build=$3
# shellcheck source=test/interface.sh
. "$root/test/interface.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
frozen=$root/test/abi/lined-1.0.h

fail() {
    echo "FAILED: $1" >&2
    exit 1
}
cached() { sed -n "s/^$1:[^=]*=//p" "$build/CMakeCache.txt"; }
compiler=$(cached CMAKE_C_COMPILER)
sanitize=$(cached LINED_SANITIZE)
read -ra flags <<<"-std=c11 -pedantic -Wall -Wextra -Wno-unused-parameter -Werror -D_DEFAULT_SOURCE ${sanitize:+-fsanitize=$sanitize} $(cached CMAKE_C_FLAGS)"

# ---- a program of 1.0 ----

# It does not see the header of today.
"$compiler" "${flags[@]}" -o "$scratch/program" "$root/test/abi/program.c" -L"$build" -llined -pthread ||
    fail "program.c cannot be built"
soname=liblined.so.$(cached CMAKE_PROJECT_VERSION_MAJOR)
[[ $(readelf -d "$scratch/program") == *"[$soname]"* ]] || fail "program.c is not linked to $soname"
LD_LIBRARY_PATH=$build timeout 120 "$scratch/program" || fail "a program of version 1.0 ends with $?"

# ---- what it knows, in the header of today ----

# The options and results grow, for the program passes their size. A handler and an observer have reserved fields, and these structs are
# made by the program, so they keep their size.
grow='lined_options lined_stats lined_latency'
keep='lined_handler lined_observer lined_handle lined_accept_error'

# Prints for each field of a header "STRUCT.FIELD OFFSET SIZE", and for each constant, and each struct of
# the two lists, "NAME VALUE".
print_layout() { # HEADER INTERFACE
    local kind struct name
    {
        cat <<'CODE'
#define FIELD(s, f) printf("%s.%s %zu %zu\n", #s, #f, offsetof(struct s, f), sizeof(((struct s *)0)->f))
#define VALUE(name, value) printf("%s %zu\n", name, (size_t)(value))
#include <stdio.h>
CODE
        echo "#include \"$1\""
        echo 'int main(void)' && echo '{'
        while read -r kind struct name; do
            case $kind in
            field) echo "    FIELD($struct, $name);" ;;
            constant) [ "$struct" = LINED_API ] || echo "    VALUE(\"$struct\", $struct);" ;;
            esac
        done <"$2"
        for struct in $grow $keep; do
            echo "    VALUE(\"$struct\", sizeof(struct $struct));"
        done
        echo '}'
    } >"$scratch/layout.c"
    "$compiler" -std=c11 -o "$scratch/layout" "$scratch/layout.c" && "$scratch/layout" | LC_ALL=C sort
}

size_in() { sed -n "s/^$1 //p" "$2"; } # NAME LAYOUT

# Prints what a program of 1.0 would find changed with this header.
find_changes() { # HEADER
    local struct field offset limit
    header_interface "$1" >"$scratch/new"
    print_layout "$1" "$scratch/new" >"$scratch/new.layout"
    LC_ALL=C comm -23 "$scratch/old" "$scratch/new" | grep -v 'reserved\(\[.*\)\?$' | sed 's/^/no more: /' || true

    # LINED_ABI is the number of modules, and limits may grow, but not an array. A struct of the list may.
    awk -v grow="$grow" '
        NR == FNR { old[$1] = $0; next }
        !($1 in old) || old[$1] == $0 || $1 ~ /\.reserved$/ || $1 == "LINED_ABI" || index(" " grow " ", " " $1 " ") { next }
        $1 ~ /_M(AX|IN)$/ && $1 !~ /^LINED_(ACCEPT_ERRORS|REASONS)_MAX$/ { next }
        { print "changed: " $0 }' "$scratch/old.layout" "$scratch/new.layout"

    # A new field lies where no old program has anything, not even padding.
    LC_ALL=C comm -13 "$scratch/old" "$scratch/new" | sed -n 's/^field //p' >"$scratch/fields"
    while read -r struct field; do
        read -r offset _ < <(sed -n "s/^$struct\\.$field //p" "$scratch/new.layout")
        case " $grow $keep " in
        *" $struct "*) ;;
        *) continue ;;
        esac
        limit=$(sed -nE "s/^$struct\\.reserved ([0-9]+) .*/\\1/p" "$scratch/old.layout")
        [ "$offset" -ge "${limit:-$(size_in "$struct" "$scratch/old.layout")}" ] || echo "in old bytes: $struct.$field"
    done <"$scratch/fields"

    # So a struct that grows has no padding behind its last field.
    for struct in $grow; do
        offset=$(sed -nE "s/^$struct\\.[a-z_]+ ([0-9]+) ([0-9]+)$/\\1 \\2/p" "$scratch/new.layout" | sort -n | tail -n 1)
        [ $((${offset/ /+})) -eq "$(size_in "$struct" "$scratch/new.layout")" ] || echo "padding: $struct"
    done
}

header_interface "$frozen" >"$scratch/old"
print_layout "$frozen" "$scratch/old" >"$scratch/old.layout"
changes=$(find_changes "$root/include/lined.h")
[ -z "$changes" ] || fail "programs of version 1.0 do not run with this header: $changes"
[ "$(wc -l <"$scratch/old.layout")" -gt 150 ] || fail "the frozen header cannot be read: $(cat "$scratch/old.layout")"

# ---- each of these changes is found, or allowed ----

expect_found() { # SED-SCRIPT WANTED; '' for a change that is allowed
    local found
    sed "$1" "$frozen" >"$scratch/planted.h"
    ! cmp -s "$scratch/planted.h" "$frozen" || fail "the change cannot be planted: $1"
    found=$(find_changes "$scratch/planted.h")
    if [ -n "$2" ]; then
        grep -qxF "$2" <<<"$found" || fail "'$1': expected '$2', found: $found"
    else
        [ -z "$found" ] || fail "'$1' is allowed, found: $found"
    fi
}
expect_found '/^LINED_API bool lined_server_check(/d' 'no more: function bool lined_server_check(lined_server*server)'
expect_found 's/^LINED_API void lined_set_deadline(lined_conn \*conn, uint32_t/LINED_API void lined_set_deadline(lined_conn *conn, uint64_t/' \
    'no more: function void lined_set_deadline(lined_conn*conn,uint32_t ms)'
expect_found 's/^    uint32_t line_rate;/    uint64_t line_rate;/' 'no more: type lined_options uint32_t line_rate'
expect_found 's/^    size_t max_line;/    size_t new_one;\n&/' 'in old bytes: lined_options.new_one'
expect_found 's/^    bool reuse_port;/&\n    bool new_one;/' 'in old bytes: lined_options.new_one' # was padding
expect_found 's/^    size_t stack_size;/&\n    size_t new_one;/' ''
expect_found 's/^    size_t stack_size;/&\n    bool new_one;/' 'padding: lined_options'
expect_found 's/^    uint64_t lines;  /    uint64_t new_one;\n&/' 'changed: lined_stats.lines 40 8'
expect_found 's/^    uint64_t closed\[.*/&\n    uint64_t new_one;/' ''
expect_found 's/^    bool wakeable;/&\n    bool new_one;/' 'in old bytes: lined_handler.new_one'
expect_found '/^struct lined_handler/,/^}/s/^    void \*reserved\[6\];/    void (*new_one)(void *context);\n    void *reserved[5];/' ''
expect_found '/^struct lined_observer/,/^}/s/^    void \*reserved\[6\];/    void (*new_one)(void *context);\n&/' \
    'changed: lined_observer 112'
expect_found 's/^    LINED_LOST,/    LINED_NEW_ONE,\n&/' 'changed: LINED_WOKEN 20'
expect_found 's/^    LINED_WOKEN,/&\n    LINED_NEW_ONE,/' ''
expect_found 's/^#define LINED_PEER_SIZE 128/#define LINED_PEER_SIZE 256/' 'changed: LINED_PEER_SIZE 256'
expect_found 's/^#define LINED_REASONS_MAX 32/#define LINED_REASONS_MAX 64/' 'changed: LINED_REASONS_MAX 64'
expect_found 's/^#define LINED_GREETING_MAX 1024u/#define LINED_GREETING_MAX 4096u/' ''
