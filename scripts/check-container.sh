#!/usr/bin/env bash
# Does the steps of the Containerfile in a folder, without a container engine, and runs its entry point there by
# chroot: the file needs nothing but itself, serves as the user of the Containerfile, and stops by its signal. With
# podman (scripts/install-deps.sh engine), the image and the pod of docs/operations.md are run as well.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[ "$(id -u)" -eq 0 ] || {
    echo "skipped: check-container: chroot needs root"
    exit 0
}
scripts/install-deps.sh static talk
scripts/configure.sh build/static --preset static
cmake --build --preset static -- --quiet

image=$(mktemp -d)
lined=
trap '[ -z "$lined" ] || kill "$lined" 2>/dev/null; rm -rf "$image"' EXIT
chmod 755 "$image"
fail() {
    echo "FAILED: container: $1" >&2
    exit 1
}

# ---- the steps ----

from='' user='' signal='' settings=() entry=()
while read -r step arguments; do
    read -ra words <<<"$arguments"
    case $step in
    '' | '#'*) ;;
    FROM) from=$arguments ;;
    COPY) install -D -m "$([ -x "${words[0]}" ] && echo 755 || echo 644)" "${words[0]}" "$image${words[1]}" ;;
    USER) user=$arguments ;;
    ENV) settings+=("${words[@]}") ;;
    EXPOSE) port=$arguments ;;
    STOPSIGNAL) signal=$arguments ;;
    ENTRYPOINT) IFS=' ' read -ra entry < <(tr -d '[],"' <<<"$arguments") ;;
    *) fail "this script does not know the step $step" ;;
    esac
done <Containerfile
[ "$from" = scratch ] || fail "FROM $from: must be scratch"
[[ " ${settings[*]} " == *" LINED_PORT=$port "* ]] || fail "EXPOSE $port is another port than LINED_PORT"

# ---- as an engine would run it ----

# Another port of the kernel's choice, because the one of the Containerfile may be in use on this machine.
exec {messages}< <(exec env -i "${settings[@]}" LINED_PORT=0 \
    "$(command -v chroot)" --userspec="$user" --groups= "$image" "${entry[@]}" --quiet 2>&1)
lined=$!
said=()
while read -r -t 30 -u "$messages" line; do
    said+=("$line")
    [[ $line != *" connections at a time" ]] || break
done
[[ ${said[0]-} =~ ^lined:\ listening\ on\ .*:([0-9]+)$ ]] || fail "it said: ${said[*]}"
port=${BASH_REMATCH[1]}
[[ ${said[*]} == *"user ${user%:*}"* ]] || fail "it does not run as $user: ${said[*]}"
[ "$(printf 'hello\n' | nc -N 127.0.0.1 "$port")" = "Received: hello" ] || fail "it does not answer"
kill -s "${signal#SIG}" "$lined"
status=0
wait "$lined" || status=$?
lined=
[ $status -eq 0 ] || fail "it ends with $status"
echo "check-container: ${said[1]}; the image has $(du -sk "$image" | cut -f1) KB"

# ---- with an engine ----

for program in podman runc iptables; do
    command -v $program >/dev/null || {
        echo "skipped: check-container: $program is not installed (scripts/install-deps.sh engine)"
        exit 0
    }
done
namespaces=(unshare --mount --net --pid --fork --mount-proc --kill-child --propagation private)
"${namespaces[@]}" true 2>/dev/null || {
    echo "skipped: check-container: this root may not make namespaces (CAP_SYS_ADMIN)"
    exit 0
}
"${namespaces[@]}" test/fresh/podman.sh
