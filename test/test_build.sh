#!/usr/bin/env bash
# How others build lined: without the tests' libraries, as a part of their project, one kind of library
# only, with folders of their own, in a checkout that moves. Compiled once, without optimization.
set -euo pipefail
root=$1 lined=$2 build=$3
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need ninja pkg-config

cached() { sed -n "s/^$1:[^=]*=//p" "$build/CMakeCache.txt"; }
if [ -n "$(cached LINED_SANITIZE)" ]; then
    echo "skipped: test_build: it builds without sanitizers, as the other presets do"
    exit 77
fi
compiler=$(cached CMAKE_C_COMPILER)
tree=$scratch/tree prefix=$scratch/prefix
soname=liblined.so.$(cached CMAKE_PROJECT_VERSION_MAJOR)

# try COMMAND...: its output in $said, for fail and for what looks into it.
try() { said=$("$@" 2>&1); }
# CMake breaks lines as it likes.
says() { [[ $(tr -s '[:space:]' ' ' <<<"$said") == *"$1"* ]] || fail "it does not say '$1': $said"; }
# configure SOURCE FOLDER OPTION...
configure() { try cmake -S "$1" -B "$2" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_COMPILER="$compiler" "${@:3}"; }
# The tests beside it measure time.
build() { try nice cmake --build "$1" -- --quiet; }
make() { configure "$@" && build "$2"; }
# Nothing that pkg-config would find.
without_libraries() { PKG_CONFIG_LIBDIR=/nonexistent PKG_CONFIG_PATH='' "$@"; }
install_into_prefix() { # [OPTION]...
    rm -rf "$prefix"
    try cmake --install "$tree" --prefix "$prefix" "$@" || fail "cmake --install: $said"
}
expect_files() { # PRESENT|ABSENT NAME...: somewhere below the prefix
    local name
    for name in "${@:2}"; do
        if [ -n "$(find "$prefix" -name "$name")" ]; then
            [ "$1" = PRESENT ] || fail "$name is installed"
        else
            [ "$1" = ABSENT ] || fail "$name is not installed"
        fi
    done
}

# ---- a plain configuration ----

without_libraries configure "$root" "$tree" || fail "without Check it cannot be configured: $said"
says "the tests are not built, for these libraries are missing"
says "check, jansson, libmd. On Debian, scripts/install-deps.sh test"
! grep -q -e '-Werror' "$tree/compile_commands.json" || fail "warnings are errors for a packager"
build "$tree" || fail "it cannot be built: $said"
[ "$("$tree/lined" --version | head -n 1)" = "$("$lined" --version | head -n 1)" ] || fail "the plain build has another version"
! without_libraries configure "$root" "$scratch/required" -DLINED_TESTS_REQUIRED=ON ||
    fail "tests that are required may be missing"
says "the tests lack libraries (pkg-config finds them) or programs: check, jansson, libmd"
grep -q '"LINED_TESTS_REQUIRED": "ON"' "$root/CMakePresets.json" || fail "no preset requires the tests"

! configure "$root" "$scratch/other-system" -DCMAKE_SYSTEM_NAME=FreeBSD || fail "it is configured for FreeBSD"
says "lined needs Linux, and this build is for FreeBSD"

# ---- one kind of library; the parts by themselves ----

mkdir "$scratch/program"
cat >"$scratch/program/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.20)
project(program LANGUAGES C)
find_package(lined 1.0 REQUIRED COMPONENTS ${wanted})
add_executable(program program.c)
target_link_libraries(program PRIVATE lined::lined)
END
cat >"$scratch/program/program.c" <<'END'
#include <lined.h>

int main(void)
{
    struct lined_options options;

    lined_options_init(&options, sizeof options);
    return options.max_line == 0;
}
END
# build_program [COMPONENT]: against what is installed.
build_program() {
    rm -rf "$scratch/program/build"
    make "$scratch/program" "$scratch/program/build" -DCMAKE_PREFIX_PATH="$prefix" -Dwanted="${1-}"
}
run_program() { LD_LIBRARY_PATH=$prefix/lib "$scratch/program/build/program" || fail "a program ends with $?: $1"; }

install_into_prefix
expect_files PRESENT "$soname" liblined.so liblined.a lined.h lined.pc lined.1 lined.3 lined-load
build_program "command;static" || fail "a program does not find what is installed: $said"
run_program "with all that is installed"

install_into_prefix --component lined-library
expect_files PRESENT "$soname"
expect_files ABSENT liblined.so liblined.a lined.h lined lined.1
try cmake --install "$tree" --prefix "$prefix" --component lined-development
expect_files PRESENT liblined.so liblined.a lined.h lined.3
expect_files ABSENT lined-load lined.1
build_program || fail "a program does not find a library without the command: $said"
run_program "without the command"
! build_program command || fail "a command is found that is not installed"
says "lined::command is not installed"

make "$root" "$tree" -DBUILD_SHARED_LIBS=OFF -DBUILD_TESTING=OFF || fail "BUILD_SHARED_LIBS=OFF: $said"
install_into_prefix
expect_files PRESENT liblined.a
expect_files ABSENT 'liblined.so*'
build_program static || fail "a program does not find the static library: $said"
run_program "with the static library"

rm -f "$tree/liblined.a"
make "$root" "$tree" -DBUILD_SHARED_LIBS=ON || fail "BUILD_SHARED_LIBS=ON: $said"
install_into_prefix
expect_files PRESENT "$soname"
expect_files ABSENT liblined.a
build_program || fail "a program does not find the shared library: $said"
run_program "with the shared library"
! build_program static || fail "a static library is found that is not installed"

# ---- folders that are absolute ----

of_lined() { PKG_CONFIG_PATH=$1/pkgconfig pkg-config "${@:2}" lined; }
expect_flags() { # FOLDER OF LIBRARIES, OF HEADERS
    local flags
    flags=$(of_lined "$1" --cflags --libs) || fail "there is no $1/pkgconfig/lined.pc"
    [[ " $(realpath -m "$(of_lined "$1" --variable=libdir)") " == " $1 " ]] || fail "lined.pc: $flags, the library is in $1"
    [[ " $(realpath -m "$(of_lined "$1" --variable=includedir)") " == " $2 " ]] || fail "lined.pc: $flags, the header is in $2"
}
expect_flags "$prefix/lib" "$prefix/include" # moved with the prefix
make "$root" "$tree" -DCMAKE_INSTALL_PREFIX="$prefix" -DCMAKE_INSTALL_LIBDIR="$scratch/libraries" \
    -DCMAKE_INSTALL_INCLUDEDIR="$scratch/headers" || fail "absolute folders: $said"
install_into_prefix
expect_flags "$scratch/libraries" "$scratch/headers"
read -ra flags < <(of_lined "$scratch/libraries" --cflags --libs)
"$compiler" -o "$scratch/absolute" "$scratch/program/program.c" "${flags[@]}" || fail "lined.pc does not build"
LD_LIBRARY_PATH=$scratch/libraries "$scratch/absolute" || fail "a program by lined.pc ends with $?"

# ---- a part of another project ----

mkdir "$scratch/parent"
ln -s "$root" "$scratch/parent/lined"
cp "$scratch/program/program.c" "$scratch/parent"
cp "$root/src/handlers/upper/upper.c" "$scratch/parent"
cat >"$scratch/parent/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.20)
project(parent LANGUAGES C)
enable_testing()
add_subdirectory(lined)
foreach(kind lined static)
  add_executable(with_${kind} program.c)
  target_link_libraries(with_${kind} PRIVATE lined::${kind})
endforeach()
add_library(module MODULE upper.c)
target_link_libraries(module PRIVATE lined::command)
install(TARGETS with_lined)
END
make "$scratch/parent" "$scratch/parent/build" || fail "a part of another project: $said"
for kind in lined static; do
    "$scratch/parent/build/with_$kind" || fail "with_$kind of a parent project ends with $?"
done
[ -e "$scratch/parent/build/libmodule.so" ] || fail "a module of a parent project is not built"
[[ $(ctest --test-dir "$scratch/parent/build" -N) == *"Total Tests: 0"* ]] || fail "a parent project gets lined's tests"
[ -z "$(find "$scratch/parent/build" -name 'lined-load*' -o -name 'test_*')" ] || fail "a parent project builds lined-load or tests"
rm -rf "$prefix"
try cmake --install "$scratch/parent/build" --prefix "$prefix" || fail "a parent project's install: $said"
[ "$(find "$prefix" -type f)" = "$prefix/bin/with_lined" ] || fail "a parent project installs $(find "$prefix" -type f)"

# ---- a checkout that is moved, and one that is copied ----

# The scripts and presets build a project of one file, which is soon done.
mkdir -p "$scratch/first place/src"
cp -r "$root"/{CMakePresets.json,scripts} "$scratch/first place"
cat >"$scratch/first place/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.20)
project(small LANGUAGES C)
add_executable(lined src/main.c)
END
says_on_start() { # TEXT FOLDER: the program of the sources that are there says this
    printf '#include <stdio.h>\n\nint main(void)\n{\n    return puts("%s") < 0;\n}\n' "$1" >"$2/src/main.c"
}
expect_run() { # FOLDER TEXT
    try nice timeout 300 "$1/scripts/run.sh" || fail "$1/scripts/run.sh ends with $?: $said"
    echo "$said" >>"$scratch/runs"
    [ "$(tail -n 1 <<<"$said")" = "$2" ] || fail "$1/scripts/run.sh does not run its sources, which say '$2': $said"
}
says_on_start first "$scratch/first place"
expect_run "$scratch/first place" first
cp -r "$scratch/first place" "$scratch/copy"
says_on_start copy "$scratch/copy"
expect_run "$scratch/copy" copy
mv "$scratch/first place" "$scratch/second place"
expect_run "$scratch/second place" first
expect_run "$scratch/second place" first
[ "$(grep -c 'configured again$' "$scratch/runs")" -eq 2 ] ||
    fail "not just the copy and the moved one, once each: $(cat "$scratch/runs")"
# Settings that the presets have got since then are taken on.
sed -i 's/"CMAKE_BUILD_TYPE": "Release"/"CMAKE_BUILD_TYPE": "MinSizeRel"/' "$scratch/copy/CMakePresets.json"
expect_run "$scratch/copy" copy
grep -q 'CMAKE_BUILD_TYPE:[A-Z]*=MinSizeRel' "$scratch/copy/build/release/CMakeCache.txt" ||
    fail "a change of the presets is not taken on"
