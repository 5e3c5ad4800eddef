#!/usr/bin/env bash
# lined(3) has exactly the interface of lined.h: each function with its prototype, each field, constant,
# macro and type; and it speaks of nothing else.
set -euo pipefail
root=$1 build=$3
# shellcheck source=test/interface.sh
. "$root/test/interface.sh"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
compiler=$(sed -n 's/^CMAKE_C_COMPILER:[^=]*=//p' "$build/CMakeCache.txt")

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

# The limits of the table "Limits" have the values of the macros: the compiler says where not.
find_wrong_limits() { # HEADER PAGE
    mkdir -p "$scratch/include"
    cp "$1" "$scratch/include/lined.h"
    {
        echo '#include <lined.h>'
        sed -nE 's/^\.It Dv (LINED_[A-Z_]+) Ta ([0-9]+) Ta .*/_Static_assert(\1 == \2, "\1");/p' "$2"
    } >"$scratch/limits.c"
    [ "$(wc -l <"$scratch/limits.c")" -gt 10 ] || echo "no table of limits"
    { "$compiler" -std=c11 -fsyntax-only -I"$scratch/include" "$scratch/limits.c" 2>&1 || true; } |
        sed -nE 's/.*error: .*"?(LINED_[A-Z_]+)"?$/value \1/p'
}

# Without arguments and STRUCT: "function NAME", "field NAME", "constant NAME", "name NAME".
names() { sed -E 's/\(.*//; s/^(field|type) [^ ]+ /\1 /; s/^function .*[ *]/function /' | LC_ALL=C sort -u; }

# Prints each difference. Callbacks may be mentioned as functions.
compare() { # HEADER PAGE
    header_interface "$1" >"$scratch/header"
    manual_interface "$2" >"$scratch/manual"
    grep '^unknown ' "$scratch/header" || true
    LC_ALL=C comm -23 <(grep -v '^type ' "$scratch/header") "$scratch/manual" | sed 's/^/lacks /'
    LC_ALL=C comm -13 "$scratch/header" "$scratch/manual" | sed 's/^/has /'
    {
        names <"$scratch/header"
        sed -nE 's/^type .*[ *]([a-z_]+)\(.*/function \1/p' "$scratch/header"
        printf 'field %s\n' lined_handler_received lined_module errno
    } | LC_ALL=C sort -u >"$scratch/known"
    manual_mentions "$2" | LC_ALL=C comm -13 "$scratch/known" - | sed 's/^/mentions /'
    find_wrong_limits "$1" "$2"
}

header=$root/include/lined.h page=$root/docs/lined.3
differences=$(compare "$header" "$page")
[ -z "$differences" ] || fail "lined.h and lined(3) differ. lined(3): $differences"
for kind in function field type constant name; do
    [ "$(grep -c "^$kind " "$scratch/header")" -ge 15 ] || fail "lined.h cannot be read: $(cat "$scratch/header")"
done

# Results are in the order of their values.
results=$(sed -n '/^enum lined_result {/,/^}/p' "$header" | grep -oE '^ +LINED_[A-Z_]+' | tr -d ' ')
table=$(sed -n '/^\.Sh RETURN VALUES/,/^\.El/s/^\.It Dv //p' "$page")
[ "$table" = "$results" ] || fail "lined(3) has the results in another order: $(diff <(echo "$results") <(echo "$table"))"

# Each of these faults is found.
expect_found() { # header|page SED-SCRIPT WANTED
    cp "$header" "$scratch/planted.h"
    cp "$page" "$scratch/planted.3"
    local file=$scratch/planted.h found
    [ "$1" = header ] || file=$scratch/planted.3
    sed -i "$2" "$file"
    ! cmp -s "$file" "${!1}" || fail "the fault cannot be planted: $2"
    found=$(compare "$scratch/planted.h" "$scratch/planted.3")
    grep -qxF "$3" <<<"$found" || fail "'$2' in the $1: expected '$3', found: $found"
}
expect_found header 's/^LINED_API int lined_server_start(/LINED_API int lined_server_new_one(lined_server *server);\n&/' \
    'lacks function int lined_server_new_one(lined_server*server)'
expect_found page '/^\.Fn lined_recv_text "/d' 'lacks function int lined_recv_text(lined_conn*conn,char**text,size_t*length)'
expect_found page 's/^\(\.Fn lined_send .*\)"size_t size"/\1"int size"/' 'has function int lined_send(lined_conn*conn,const void*bytes,int size)'
expect_found page 's/^\(\.Fn lined_set_deadline .*\)"uint32_t ms"/\1"uint32_t time"/' 'lacks function void lined_set_deadline(lined_conn*conn,uint32_t ms)'
expect_found page 's/^\.Ft lined_timer$/.Ft int/' 'lacks function lined_timer lined_after(lined_server*server,uint32_t ms,void(*function)(lined_server*server,void*argument),void*argument)'
expect_found page 's/^\.It Va port .*/&\n.It Va ports Pq 0/' 'has field lined_options ports'
expect_found header 's/^    uint16_t port;/&\n    uint16_t ports;/' 'lacks field lined_options ports'
expect_found page '/^\.It Va bytes_in Ta/d' 'lacks field lined_stats bytes_in'
expect_found page 's/^\.It Ft uint32_t Va abi/.It Ft int Va abi/' 'has type lined_module int abi'
expect_found page 's/^\(\.It Ft void Fn close .*\)"int reason"/\1"enum lined_result reason"/' \
    'has type lined_handler void close(void*context,lined_conn*conn,void*state,enum lined_result reason)'
expect_found header 's/^    void (\*batch_end)/    void (*batch_begin)(void *context);\n&/' 'lacks field lined_observer batch_begin'
expect_found page '/^\.It Dv LINED_WOKEN/d' 'lacks constant LINED_WOKEN'
expect_found header 's/^    LINED_WOKEN,/&\n    LINED_BORED,/' 'lacks constant LINED_BORED'
expect_found header 's/^#define LINED_REASON_SIZE /#define LINED_TEXT_SIZE 4\n&/' 'lacks constant LINED_TEXT_SIZE'
expect_found page 's/^\(\.It Dv LINED_REASON_SIZE Ta\) 40/\1 41/' 'value LINED_REASON_SIZE'
expect_found page 's/^\.Vt lined_timer \./.Vt lined_clock ./' 'mentions name lined_clock'
expect_found page 's/^\.Fn lined_wake$/.Fn lined_awake/' 'mentions function lined_awake'
expect_found page 's/^\.Va push_limit ;/.Va push_bound ;/' 'mentions field push_bound'
expect_found page 's/^\.Dv LINED_GONE$/.Dv LINED_LEFT/' 'mentions constant LINED_LEFT'
