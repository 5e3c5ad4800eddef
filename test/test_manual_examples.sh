#!/usr/bin/env bash
# The examples of lined(3) build as they are, without a warning, and do what the page says.
set -euo pipefail
root=$1 lined=$2 build=$3
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
# shellcheck source=test/interface.sh
. "$root/test/interface.sh"

cached() { sed -n "s/^$1:[^=]*=//p" "$build/CMakeCache.txt"; }
compiler=$(cached CMAKE_C_COMPILER)
sanitize=$(cached LINED_SANITIZE)
read -ra same <<<"${sanitize:+-fsanitize=$sanitize} $(cached CMAKE_C_FLAGS)"
flags=(-std=c11 -D_POSIX_C_SOURCE=200809L -pedantic -Wall -Wextra -Wno-unused-parameter -Werror "${same[@]}" -I"$root/include")

# The program that the page names before a block.
manual_file() { # NAME
    awk -v name="$1" '
        /^\.Bd/ { inside = wanted; next }
        /^\.Ed/ { inside = wanted = 0 }
        inside { gsub(/\\e/, "\\"); sub(/^\\&/, ""); print }
        /^\.Pa / { wanted = $2 == name }' "$root/docs/lined.3"
}

# A server of a test takes a port of the kernel's choice, and prints it.
cat >"$scratch/test_port.h" <<'END_OF_HEADER'
#include <lined.h>
#include <stdio.h>

static inline int start_and_print_port(lined_server *server)
{
    int result = lined_server_start(server);

    printf("port %d\n", lined_server_port(server));
    fflush(stdout);
    return result;
}

#define lined_server_start(server) start_and_print_port(server)
#define lined_options_init(options, size) (lined_options_init(options, size), (void)((options)->port = 0))
END_OF_HEADER

program=
trap '[ -z "$program" ] || kill "$program" 2>/dev/null; rm -rf "$scratch"' EXIT
# run NAME: its input is $input, its output $output, its process $program, its port $port.
run() {
    local line
    mkfifo "$scratch/$1.input"
    exec {output}< <(exec "$scratch/$1" <"$scratch/$1.input" 2>&1)
    program=$!
    exec {input}>"$scratch/$1.input"
    IFS= read -r -t 30 -u "$output" line || fail "$1 printed nothing"
    [[ $line == "port "* ]] || fail "$1 printed: $line"
    port=${line#port }
}
end() {
    if [ -n "$program" ]; then
        kill "$program"
        wait "$program" 2>/dev/null || true
        program=
    fi
    exec {input}>&- {output}<&-
}
dial() { exec {client}<>"/dev/tcp/127.0.0.1/$port"; }
say() { printf '%s\n' "$2" >&"$1"; }       # CLIENT LINE
expect() {                                 # CLIENT LINE
    local line
    IFS= read -r -t 30 -u "$1" line || fail "expected '$2', and nothing came"
    [ "$line" = "$2" ] || fail "expected '$2', received '$line'"
}
expect_eof() { # CLIENT
    local line status=0
    IFS= read -r -t 30 -u "$1" line || status=$?
    [ "$status" -eq 1 ] || fail "expected the end, received '$line'"
}

try_echo() {
    dial
    say "$client" hello
    expect "$client" hello
}

try_task() {
    dial
    expect "$client" "Your name?"
    say "$client" Ann
    say "$client" hello
    expect "$client" "Ann: hello"
    say "$client" "how are you"
    expect "$client" "Ann: how are you"
}

try_room() {
    local first second
    dial && first=$client
    expect "$first" "1 members, 0 lines"
    dial && second=$client
    expect "$second" "2 members, 0 lines"
    say "$first" hello
    expect "$second" "1: hello"
    say "$second" "good day"
    expect "$first" "2: good day"
}

try_ping() {
    local silent answering
    dial && silent=$client
    dial && answering=$client
    for _ in 1 2 3 4; do
        expect "$answering" ping
        say "$answering" pong
    done
    expect "$silent" ping
    expect "$silent" ping
    expect_eof "$silent"
    while ! [[ $said == "1 connected" ]]; do
        IFS= read -r -t 30 -u "$output" said || fail "ping reports nothing"
    done
}

try_drain() {
    dial
    say "$client" hello
    expect "$client" "5 characters"
    kill "$program"
    expect "$client" Goodbye
    expect_eof "$client"
    wait "$program" || fail "drain ends with $?"
    program=
}

try_kick() {
    dial
    say "$client" hello
    expect "$client" "Received: hello"
    expect "$client" ""
    say "$input" 192.0.2.1:
    say "$client" again
    expect "$client" "Received: again"
    expect "$client" ""
    say "$input" 127.0.0.1:
    expect "$client" Goodbye
    expect_eof "$client"
    exec {input}>&-
    wait "$program" || fail "kick ends with $?"
    program=
    exec {input}>/dev/null
}

said=
for name in echo task room ping drain kick; do
    manual_file "$name.c" >"$scratch/$name.c"
    grep -q '^int main' "$scratch/$name.c" || fail "lined(3) has no $name.c"
    "$compiler" "${flags[@]}" -c -o "$scratch/$name.o" "$scratch/$name.c" || fail "$name.c of lined(3) has warnings"
    sed -i 's/PING_MS = [0-9]*/PING_MS = 500/; s/REPORT_MS = [0-9]*/REPORT_MS = 100/' "$scratch/$name.c"
    "$compiler" "${flags[@]}" -include "$scratch/test_port.h" -o "$scratch/$name" "$scratch/$name.c" \
        "$build/liblined.a" -pthread || fail "$name.c cannot be linked"
    run "$name"
    "try_$name"
    end
done
[ "$(grep -c '^\.Pa [a-z]*\.c' "$root/docs/lined.3")" -eq 6 ] || fail "lined(3) has examples that are not tested"
