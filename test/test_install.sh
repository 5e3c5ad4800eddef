#!/usr/bin/env bash
# The files that cmake --install puts in place can be used without the sources: the command and its
# modules, the header, both libraries, find_package and pkg-config, the man pages.
set -euo pipefail
root=$1 lined=$2 build=$3
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
# shellcheck source=test/readme.sh
. "$root/test/readme.sh"
# shellcheck source=test/interface.sh
. "$root/test/interface.sh"
need ninja pkg-config nc c++ nm readelf
prefix=$scratch/prefix

cached() { sed -n "s/^$1:[^=]*=//p" "$build/CMakeCache.txt"; }
compiler=$(cached CMAKE_C_COMPILER)
# What the library was built with, programs need as well: sanitizers, --coverage.
sanitize=$(cached LINED_SANITIZE)
read -ra same <<<"${sanitize:+-fsanitize=$sanitize} $(cached CMAKE_C_FLAGS)"
flags=(-std=c11 -pedantic -Wall -Wextra -Werror "${same[@]}")

# dynamic TAG FILE: its values in the dynamic section, NEEDED or SONAME.
dynamic() { readelf -d "$2" | sed -n "s/.*($1).*\\[\\(.*\\)\\]/\\1/p"; }
soname=liblined.so.$(cached CMAKE_PROJECT_VERSION_MAJOR) # the name changes with the major version
uses_shared() { [[ $(dynamic NEEDED "$1") == *"$soname"* ]]; }

# build_project FOLDER: a project of its own, against what is installed, in FOLDER/build.
build_project() {
    {
        cmake -S "$1" -B "$1/build" -G Ninja -DCMAKE_PREFIX_PATH="$prefix" \
            -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="${flags[*]}" &&
            cmake --build "$1/build"
    } >"$scratch/said" 2>&1 || fail "$1 does not build: $(cat "$scratch/said")"
}

# build_module FILE.so: from standard input.
build_module() {
    "$compiler" "${flags[@]}" -shared -fPIC -I"$prefix/include" -x c -o "$1" -
}

expect_rejected() { # MODULE MESSAGE
    local status=0 said
    said=$(timeout 30 "$lined" --port 0 --handler "$1" 2>&1) || status=$?
    [ "$status" -eq 2 ] || fail "--handler $1: exit status $status, it said: $said"
    [[ $said == *"'$1'"*"$2"* ]] || fail "--handler $1: it said: $said"
}

expect_upper() { # MODULE
    local long reply
    long=$(printf '%01400d' 0 | tr 0 z)
    serve --handler "$1"
    reply=$(printf 'hello\nGrüße, a1{z}\n%s\n' "$long" | nc -N 127.0.0.1 "$port" && echo .)
    [ "$reply" = "$(printf 'HELLO\nGRüßE, A1{Z}\n%s\n.' "${long//z/Z}")" ] ||
        fail "--handler $1: nc received: $reply"
    end_serving
}

cmake --install "$build" --prefix "$prefix" >/dev/null
lined=$prefix/bin/lined
[[ $("$lined" --version) == "lined "* ]] || fail "the command does not run"
# The build may be older than the last commit by now.
[[ $("$lined" --version) =~ 'commit: '([0-9a-f]{12}|v[^ ]*|unknown)$ ]] || fail "--version has no commit: $("$lined" --version)"
[ ! -e "$root/.git" ] || ! command -v git >/dev/null || [ "${BASH_REMATCH[1]}" != unknown ] ||
    ! git -C "$root" describe --always >/dev/null 2>&1 || fail "--version does not know its commit"
[[ $("$prefix/bin/lined-load" --version) == "lined-load "* ]] || fail "lined-load does not run"
for page in man1/lined.1 man1/lined-load.1 man3/lined.3; do
    [ -s "$prefix/share/man/$page" ] || fail "there is no $page"
done

# The header needs nothing but itself, in C and in C++.
echo '#include <lined.h>' >"$scratch/header.c"
"$compiler" -std=c11 -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$prefix/include" \
    "$scratch/header.c"
c++ -std=c++17 -pedantic -Wall -Wextra -Werror -fsyntax-only -I"$prefix/include" \
    -x c++ "$scratch/header.c"

library=$(find "$prefix" -name liblined.so)
[ -n "$library" ] || fail "there is no shared library"
[[ $("$lined" --version | head -n 1) == "lined ${soname##*.}."* ]] || fail "the version of lined does not begin with ${soname##*.}"
[ "$(dynamic SONAME "$library")" = "$soname" ] || fail "its SONAME is $(dynamic SONAME "$library"), not $soname"
[ -e "${library%.so}${soname#liblined}" ] || fail "there is no $soname"

# The functions and objects of lined.h can be linked against, and nothing else.
exported=$(nm -D --defined-only "$library" | awk '$2 != "A" { print $3 }' |
    grep -v -e '^__asan' -e '^__tsan' -e '^__odr_asan' -e '^__gcov_' -e '^mangle_path$' | LC_ALL=C sort)
declared=$(header_interface "$root/include/lined.h" | sed -nE 's/^function [^(]*[ *](lined_[a-z_]+)\(.*/\1/p
    s/^name (lined_handler_received)$/\1/p' | LC_ALL=C sort)
[ "$exported" = "$declared" ] ||
    fail "the library does not export what lined.h declares: $(diff <(echo "$declared") <(echo "$exported"))"

# The README's example builds as it is, through pkg-config, with the shared and the static library.
readme_file "$root/README.md" echo.c >"$scratch/echo.c"
pc=$(find "$prefix" -name lined.pc)
[ -n "$pc" ] || fail "there is no lined.pc"
of_lined() { PKG_CONFIG_PATH=${pc%/*} pkg-config "$@" lined; }
[[ "lined $(of_lined --modversion)" == "$("$lined" --version | head -n 1)" ]] || fail "lined.pc has another version"
read -ra shared < <(of_lined --cflags --libs)
read -ra static < <(of_lined --cflags --libs --static)
readme=(-Wall -Werror "${same[@]}" "$scratch/echo.c")
"$compiler" "${readme[@]}" -o "$scratch/echo" "${shared[@]}"
uses_shared "$scratch/echo" || fail "echo does not use the shared library"
"$compiler" "${readme[@]}" -o "$scratch/echo" -Wl,-Bstatic "${static[@]}" -Wl,-Bdynamic
! uses_shared "$scratch/echo" || fail "echo does not use the static library"

# A program through find_package, with either library, serves and ends.
mkdir "$scratch/program"
cat >"$scratch/program/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.20)
project(program LANGUAGES C)
find_package(lined 1.0 REQUIRED)
foreach(kind lined static)
  add_executable(with_${kind} program.c)
  target_link_libraries(with_${kind} PRIVATE lined::${kind})
endforeach()
END
cat >"$scratch/program/program.c" <<'END'
#include <lined.h>

int main(void)
{
    struct lined_options options;
    lined_server *server;
    int result;

    lined_options_init(&options, sizeof options);
    options.port = 0;
    if (lined_server_new(&server, &options, &lined_handler_received, NULL) < 0 ||
        lined_server_start(server) < 0)
        return 1;
    lined_server_drain(server);
    result = lined_server_wait(server);
    lined_server_free(server);
    return result;
}
END
build_project "$scratch/program"
for kind in lined static; do
    "$scratch/program/build/with_$kind" || fail "a program that links lined::$kind ends with $?"
done
uses_shared "$scratch/program/build/with_lined" || fail "lined::lined is not shared"
! uses_shared "$scratch/program/build/with_static" || fail "lined::static is not static"

# The example module builds outside the tree, and works by path and by its bare name.
cp -r "$root/src/handlers/upper" "$scratch/upper"
build_project "$scratch/upper"
cd "$scratch/upper"
expect_upper ./build/upper.so
cd build
expect_upper upper.so

# A file that is no module for this lined is rejected.
cd "$scratch"
build_module other_abi.so <<'END'
#include <lined.h>
LINED_API const struct lined_module lined_module = {LINED_ABI + 1, &lined_handler_received, NULL, NULL};
END
expect_rejected ./other_abi.so "built for ABI"
build_module no_symbol.so <<'END'
int lined_modul;
END
expect_rejected ./no_symbol.so "must export lined_module"
build_module no_handler.so <<'END'
#include <lined.h>
LINED_API const struct lined_module lined_module = {LINED_ABI, NULL, NULL, NULL};
END
expect_rejected no_handler.so "handler of the module must have"
build_module no_callback.so <<'END'
#include <lined.h>
static const struct lined_handler handler;
LINED_API const struct lined_module lined_module = {LINED_ABI, &handler, NULL, NULL};
END
expect_rejected no_callback.so "handler of the module must have"
expect_rejected ./not_there.so "cannot be loaded"
echo text >text.so
expect_rejected ./text.so "cannot be loaded"
