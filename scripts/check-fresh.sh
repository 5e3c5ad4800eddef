#!/usr/bin/env bash
# Checks that everything in the README works on a Debian with only git and bash, and that the tests pass
# there: scripts/check-fresh.sh [bookworm|trixie]... (default: both, 12 and 13)
# For each, debootstrap makes a minimal system below /var/tmp. The committed files are cloned into it, and
# these steps run:
# - as root, with a container's capabilities, below /root, which has mode 0700: the README, all tests;
#   then the system is booted, and the units of systemd are tested (test/fresh/probe.sh);
# - as a user with sudo, in a folder with a space in its name: the README, all tests, with clang as well,
#   lint, and a short run of the fuzzers;
# - as a user without sudo, with all packages installed, without pseudo-terminals: all tests, and again after
#   the checkout was moved.
# Needs root, 5 GB, a Debian mirror, and port 1234 of loopback. If debootstrap cannot run, this is reported as
# skipped, and is not a failure.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"

suites=("$@")
[ ${#suites[@]} -gt 0 ] || suites=(bookworm trixie)
for suite in "${suites[@]}"; do
    case $suite in bookworm | trixie) ;; *)
        echo "usage: scripts/check-fresh.sh [bookworm|trixie]..." >&2
        exit 2
        ;;
    esac
done
skip() {
    echo "skipped: check-fresh: $1" >&2
    exit 0
}
[ "$(id -u)" -eq 0 ] || skip "debootstrap needs root"
# The mounts and processes of a system end with its namespaces.
namespaces=(unshare --mount --pid --ipc --fork --kill-child --propagation private)
"${namespaces[@]}" true 2>/dev/null || skip "this root may not make namespaces (CAP_SYS_ADMIN)"
scripts/install-deps.sh fresh
! (: <>/dev/tcp/127.0.0.1/1234) 2>/dev/null || {
    echo "check-fresh: port 1234 of 127.0.0.1 is in use, which the README's session needs" >&2
    exit 1
}

scratch=$(mktemp -d /var/tmp/lined-fresh-XXXXXX)
trap 'rm -rf --one-file-system "$scratch"' EXIT
trap 'exit 130' INT TERM
# The package sources and settings of the host's apt.
# shellcheck disable=SC2016 # apt-get expands them
mirror=$(apt-get indextargets --format '$(ORIGIN) $(CODENAME) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" && $2 ~ /^[a-z]+$/ && $3 == "main" { print $4; exit }')
mirror=${mirror:-http://deb.debian.org/debian}
apt-config dump | grep -E '^Acquire::(https?|ftp|Retries|ForceIPv|Check-)' >"$scratch/apt.conf" || true

# ---- a system ----

# Runs in the namespaces. Of the host's /dev only the harmless devices are visible.
# shellcheck disable=SC2016 # its variables are the inner shell's
mount_and_enter='
system=$1 with_pts=$2 capabilities=$3
shift 3
mount -t proc proc "$system/proc"
mount -t sysfs -o ro sysfs "$system/sys"
mount -t tmpfs -o mode=755 tmpfs "$system/dev"
for device in null zero full random urandom tty; do
    : >"$system/dev/$device"
    mount --bind "/dev/$device" "$system/dev/$device"
done
mkdir -m 1777 "$system/dev/shm"
ln -s /proc/self/fd "$system/dev/fd"
for fd in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${fd%:*}" "$system/dev/${fd#*:}"; done
if [ "$with_pts" = yes ]; then
    mkdir "$system/dev/pts"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$system/dev/pts"
    ln -s pts/ptmx "$system/dev/ptmx"
fi
exec setpriv --bounding-set="-all,$capabilities" --inh-caps=-all chroot "$system" "$@"'

# The capabilities that Docker and Podman give a container.
capabilities=+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+net_bind_service
capabilities+=,+sys_chroot,+mknod,+audit_write,+setfcap
with_pts=yes
proxies=()
for name in http_proxy https_proxy no_proxy; do
    [ -z "${!name-}" ] || proxies+=("$name=${!name}")
done

# enter SYSTEM COMMAND...: as root.
enter() {
    "${namespaces[@]}" bash -euc "$mount_and_enter" bash "$1" $with_pts "$capabilities" \
        env -i "${proxies[@]}" HOME=/root LANG=C.UTF-8 TERM=dumb \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${@:2}" </dev/null
}
as_user() { # SYSTEM USER SCRIPT
    enter "$1" su --login "$2" -c "set -eu; ${proxies[*]+export ${proxies[*]};} $3"
}

# make_system SUITE FOLDER: with git, and two users; the scripts must install everything else.
make_system() {
    debootstrap --variant=minbase "$1" "$2" "$mirror" >"$scratch/debootstrap" 2>&1 ||
        skip "debootstrap $1 failed: $(tail -n 3 "$scratch/debootstrap")"
    echo "127.0.0.1 localhost $(hostname)" >"$2/etc/hosts" # sudo looks the host up
    cp "$scratch/apt.conf" "$2/etc/apt/apt.conf.d/99host"
    cp -L /etc/resolv.conf "$2/etc/resolv.conf"
    if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
        mkdir -p "$2/etc/ssl/certs" && cp -L /etc/ssl/certs/ca-certificates.crt "$2/etc/ssl/certs"
    fi
    # The commands in the README's text and of docs/operations.md need man, systemd-analyze, logrotate and curl, which no script installs.
    enter "$2" sh -euc '
        apt-get update -q
        DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
            git sudo man-db systemd logrotate curl
        useradd --create-home --shell /bin/bash able
        useradd --create-home --shell /bin/bash plain
        echo "able ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/able' >"$scratch/made" 2>&1 ||
        skip "apt-get in $1 failed: $(tail -n 3 "$scratch/made")"
    git bundle create -q "$2/lined.bundle" HEAD
    chmod 644 "$2/lined.bundle"
}

# boot_service SYSTEM: boots it, after root has played the README in it, with lined.service enabled. The filter of
# systemd-nspawn does not know Landlock.
boot_service() {
    enter "$1" sh -euc '
        DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends systemd-sysv dbus procps
        printf "%s\n" "[Unit]" "After=multi-user.target" "[Service]" "ExecStart=/root/lined/test/fresh/probe.sh" "StandardOutput=file:/probed" \
            "[Install]" "WantedBy=multi-user.target" >/etc/systemd/system/probe.service
        systemctl enable lined probe
        /root/lined/scripts/package.sh' || return
    timeout --kill-after=5 120 systemd-nspawn --directory "$1" --register=no --keep-unit --private-network \
        --system-call-filter="landlock_create_ruleset landlock_add_rule landlock_restrict_self" --boot </dev/null || true
    [ -e "$1/probed" ] || {
        echo "skipped: check-fresh: systemd-nspawn cannot boot a system here"
        return 0
    }
    cat "$1/probed"
    [ "$(tail -n 1 "$1/probed")" = good ]
}

failed=()
mkdir -p build/fresh
# step NAME COMMAND...: a failure does not stop the other steps. The output is in build/fresh/NAME.log.
step() {
    local began=$SECONDS verdict=good log=build/fresh/${1//[, ]/-}.log
    "${@:2}" >"$log" 2>&1 || { verdict="FAILED, see $log" && failed+=("$1"); }
    grep -h -E '^(README: |skipped: |FAILED|lint: |[0-9]+% tests passed)' "$log" || true
    [ "$verdict" = good ] || tail -n 20 "$log"
    echo "check-fresh: $1: $verdict, $((SECONDS - began)) s"
}

clone='git clone -q -c advice.detachedHead=false /lined.bundle'
for suite in "${suites[@]}"; do
    system=$scratch/$suite
    make_system "$suite" "$system"
    cp -a "$system" "$system.untouched"
    step "$suite, root" enter "$system" bash -euc \
        "cd; umask 077; $clone lined; chmod 700 .; lined/test/fresh/play.sh"
    step "$suite, a service" boot_service "$system"
    rm -rf --one-file-system "$system"
    mv "$system.untouched" "$system"
    step "$suite, a user with sudo" as_user "$system" able \
        "mkdir 'a folder'; cd 'a folder'; $clone lined; lined/test/fresh/play.sh"
    step "$suite, clang" as_user "$system" able "'a folder/lined/scripts/test.sh' --preset clang"
    step "$suite, lint" as_user "$system" able "'a folder/lined/scripts/lint.sh'"
    step "$suite, fuzz" as_user "$system" able "'a folder/lined/scripts/fuzz.sh' --seconds 5"
    with_pts=no
    step "$suite, a user without sudo" as_user "$system" plain \
        "$clone lined; lined/scripts/test.sh; mv lined 'lined moved'; 'lined moved/scripts/test.sh' -R '^(line|kv_memory)$'"
    with_pts=yes
    rm -rf --one-file-system "$system"
done
[ ${#failed[@]} -eq 0 ] || {
    printf 'check-fresh: failed: %s\n' "${failed[@]}" >&2
    exit 1
}
