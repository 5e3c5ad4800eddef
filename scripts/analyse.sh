#!/usr/bin/env bash
# Runs four analysers on src/: cppcheck, clang-tidy (.clang-tidy lists the checks), gcc -fanalyzer,
# scan-build. Any finding is a failure. scripts/analyse.sh [TOOL...]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools=("$@")
[ ${#tools[@]} -gt 0 ] || tools=(cppcheck clang-tidy gcc scan-build)
scripts/install-deps.sh analyse
build=build/analyse
mkdir -p "$build"
mapfile -t sources < <(git ls-files 'src/*.c')

# shellcheck disable=SC2317
configure() { # FOLDER COMPILER FLAGS
    scripts/configure.sh "$1" -S . -B "$1" -G Ninja -DCMAKE_C_COMPILER="$2" -DCMAKE_C_FLAGS="$3" \
        -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=OFF -DCMAKE_COMPILE_WARNING_AS_ERROR=ON
}

# shellcheck disable=SC2317 # the four are called by name below
run_cppcheck() {
    # Here a loop without a body has "continue": this rule does not apply.
    cppcheck --enable=warning,style,performance,portability --suppress=redundantContinue \
        --inline-suppr --std=c11 --quiet -j "$(nproc)" --error-exitcode=1 -Iinclude \
        -D_POSIX_C_SOURCE=200809L -D__GLIBC__=2 -DLINED_VERSION='"0"' -DLINED_MODULES=1 \
        --template='{file}:{line}: {message} [{id}]' "${sources[@]}"
}

# One file per process: with several files, clang 14 is wrong about va_list in all but the first.
# shellcheck disable=SC2317
run_clang-tidy() {
    configure "$build/tidy" clang ""
    printf '%s\n' "${sources[@]}" | grep -v /upper/ |
        xargs -P "$(nproc)" -n 1 clang-tidy --quiet -p "$build/tidy" 2>"$build/tidy.said"
}

# Compile everything again: an analyser does not see a file that is not compiled.
# shellcheck disable=SC2317
run_gcc() {
    configure "$build/gcc" gcc -fanalyzer
    ninja -C "$build/gcc" -t clean >/dev/null
    ninja -C "$build/gcc" -k 0 --quiet
}

# shellcheck disable=SC2317
run_scan-build() {
    scan-build --use-cc=clang scripts/configure.sh "$build/scan" -S . -B "$build/scan" -G Ninja \
        -DCMAKE_BUILD_TYPE=Debug -DBUILD_TESTING=OFF
    ninja -C "$build/scan" -t clean >/dev/null
    scan-build --use-cc=clang --status-bugs -o "$build/reports" ninja -C "$build/scan"
}

status=0 table=
for tool in "${tools[@]}"; do
    case $tool in
    cppcheck | clang-tidy | gcc | scan-build) ;;
    *) echo "analyse: tool '$tool': must be cppcheck, clang-tidy, gcc or scan-build" >&2 && exit 2 ;;
    esac
    began=$SECONDS verdict=clean
    if ! "run_$tool" >"$build/$tool.log" 2>&1; then
        verdict="FAILED, see $build/$tool.log" status=1
        grep -E ': (warning|error|style)?:? ?' "$build/$tool.log" | head -n 40
    fi
    table+=$(printf '%-11s %4d s  %s' "$tool" $((SECONDS - began)) "$verdict")$'\n'
done
printf '%s' "$table"
exit $status
