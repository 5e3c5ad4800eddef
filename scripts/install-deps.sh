#!/usr/bin/env bash
# Installs the missing packages of a task with apt-get. If nothing is missing, it changes nothing and uses no
# network. scripts/install-deps.sh TASK..., with the tasks below.
set -euo pipefail

has_command() { command -v "$1" >/dev/null; }
has_header() { printf '#include <%s>\n' "$1" | cc -E -o /dev/null - 2>/dev/null; }
has_library() { has_command pkg-config && pkg-config --exists "$1"; }

missing=()
# want CHECK NAME PACKAGE...: adds the packages that contain NAME, unless CHECK finds it.
want() {
    "$1" "$2" || missing+=("${@:3}")
}

want_for_build() {
    want has_command cc gcc libc6-dev
    want has_header stdio.h gcc libc6-dev
    want has_command cmake cmake
    want has_command ninja ninja-build
}

# Debian has other programs with this name, which do not have -N.
has_nc() { has_command nc && [[ $(nc -h 2>&1) =~ [[:space:]]-N[[:space:]] ]]; }

want_for_talk() {
    want has_nc nc netcat-openbsd
}

want_for_install() {
    want_for_build
    want has_command pkg-config pkg-config
}

# The PATH of most users lacks its folder.
has_haproxy() { has_command haproxy || [ -x /usr/sbin/haproxy ]; }

# Debian's package is for Debian's python3, which another one may hide.
has_redis_py() {
    local python
    while IFS= read -r python; do
        ! "$python" -c "import $1" 2>/dev/null || return 0
    done < <(type -ap python3)
    return 1
}

want_for_test() {
    want_for_build
    want has_command pkg-config pkg-config
    want has_library check check
    want has_library jansson libjansson-dev
    want has_library libmd libmd-dev
    want_for_talk
    want has_command c++ g++
    want has_command nm binutils
    want has_command readelf binutils
    want has_command python3 python3
    want has_redis_py redis python3-redis
    want has_library hiredis libhiredis-dev
    want has_haproxy haproxy haproxy
    want has_command redis-cli redis-tools
    want has_command redis-benchmark redis-tools
    want has_command socat socat
    want has_command fish fish
    want has_command zsh zsh
    want has_command beanstalkd beanstalkd
    want has_command systemd-socket-activate systemd
    want has_command systemd-analyze systemd
}

# musl-gcc is a shell script that calls gcc.
want_for_static() {
    want_for_build
    want has_command musl-gcc gcc musl-tools
    want has_header linux/landlock.h linux-libc-dev
    want has_command readelf binutils
}

has_arm64_library() { [ -e "/usr/lib/aarch64-linux-gnu/pkgconfig/$1.pc" ]; }

# The programs that the tests run are for this machine, the libraries of the tests for arm64.
want_for_arm64() {
    want_for_test
    want has_command aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu libc6-dev-arm64-cross
    want has_command qemu-aarch64 qemu-user
    want has_arm64_library check check:arm64
    want has_arm64_library jansson libjansson-dev:arm64
    want has_arm64_library libmd libmd-dev:arm64
}

want_for_lint() {
    want has_command clang-format-19 clang-format-19
    want has_command shellcheck shellcheck
    want has_command mandoc mandoc
}

want_for_clang() {
    want has_command clang clang
}

# libFuzzer is in the package of clang's sanitizers, which has the version of clang in its name.
has_fuzzer() { [ -e "$(clang -print-file-name="libclang_rt.fuzzer-$(uname -m).a")" ]; }

want_for_fuzz() {
    want_for_test
    has_command clang || "$0" clang
    want has_fuzzer libFuzzer "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
}

want_for_coverage() {
    want_for_test
    want has_command gcc gcc
    want has_command gcovr gcovr
}

want_for_analyse() {
    want_for_build
    want has_command gcc gcc
    want has_command clang clang
    want has_command clang-tidy clang-tidy
    want has_command scan-build clang-tools
    want has_command cppcheck cppcheck
}

want_for_models() {
    want has_command spin spin
    want has_command gcc gcc libc6-dev
}

# The page of the admin listener in a browser, and its metrics as Prometheus reads them.
want_for_browser() {
    want has_command chromium chromium
    want has_command promtool prometheus
}

# npm, for scripts/install-clients.sh.
want_for_clients() {
    want has_command node nodejs
    want has_command npm npm
}

want_for_torture() {
    want has_command strace strace
    want has_command valgrind valgrind libc6-dbg
}

want_for_fresh() {
    want has_command debootstrap debootstrap
    want has_command systemd-nspawn systemd-container
    want has_command git git
}

# netavark calls iptables.
want_for_engine() {
    want has_command podman podman netavark
    want has_command runc runc
    want has_command iptables iptables
    want has_command kubectl kubernetes-client
}

want_for_package() {
    want_for_build
    want has_command dpkg-shlibdeps dpkg-dev
    want has_command pkg-config pkg-config
    want has_command lintian lintian
}

want_for_scale() {
    want has_command haproxy haproxy
}

# redis-server, for the comparison of kv with it: without it this part of the test redis is skipped.
want_for_redis() {
    want_for_test
    want has_command redis-server redis-server
}

want_for_peers() {
    want has_command go golang-go
    want has_header event2/event.h libevent-dev
    want has_command elixir elixir
    want has_command redis-server redis-server
    want has_command gnuplot gnuplot-nox
}

tasks="build talk install test static arm64 clang lint fuzz coverage analyse models browser clients torture scale package engine redis peers fresh"
[ $# -gt 0 ] || set -- ''
for task in "$@"; do
    if [ -z "$task" ] || [[ " $tasks " != *" $task "* ]]; then
        echo "install-deps: task '$task': must be one or more of $tasks" >&2
        exit 2
    fi
    "want_for_$task"
done
[ ${#missing[@]} -gt 0 ] || exit 0

mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
give_up() {
    echo "lined: missing: ${missing[*]}. $1 Install these packages, then run this again." >&2
    exit 1
}
has_command apt-get || give_up "There is no apt-get here to install them."
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    has_command sudo || give_up "Installing them needs root, and there is no sudo."
    as_root=(sudo)
fi
echo "lined: installing ${missing[*]}" >&2
{
    if [[ " ${missing[*]} " == *:arm64\ * ]]; then
        "${as_root[@]}" dpkg --add-architecture arm64
    fi
    "${as_root[@]}" apt-get update -q &&
        "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
            apt-get install -q -y --no-install-recommends "${missing[@]}"
} >&2 || give_up "apt-get failed, see above."
