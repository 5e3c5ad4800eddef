#!/usr/bin/env bash
# The commands and the pod of docs/operations.md, "Containers" and "Kubernetes", with podman; scripts/check-container.sh
# runs it after the build of build/static/lined, as root, in mount, network and process namespaces of its own: no file,
# port or process of it is left. It installs nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
fail() {
    echo "FAILED: podman: $1" >&2
    podman ps --all >&2 || true
    podman logs --latest >&2 || true
    exit 1
}

# State of podman on the machine stays as it is, and a machine without systemd is enough. runc, because crun does not
# run with the control groups of version 1 and 2 together. A root without CAP_SYS_RESOURCE can raise no limit.
for folder in /run /dev/shm /var/lib/containers; do mount -t tmpfs tmpfs "$folder"; done
ip link set lo up
export CONTAINERS_CONF=/run/containers.conf
printf '%s\n' '[containers]' "default_ulimits = [\"nofile=$(ulimit -Hn):$(ulimit -Hn)\", \"nproc=1000:1000\"]" \
    '[engine]' 'runtime = "runc"' 'cgroup_manager = "cgroupfs"' 'events_logger = "file"' >$CONTAINERS_CONF

# await WHAT COMMAND...: until it succeeds.
await() {
    for ((tries = 0; tries < 300; tries++)); do
        ! "${@:2}" >/dev/null 2>&1 || return 0
        sleep 0.1
    done
    fail "not in 30 seconds: $1"
}
answers() { [ "$(printf 'hello\n' | timeout 30 nc -N "$1" 1234)" = "Received: hello" ]; }
logs_have() { podman logs "$1" 2>&1 | grep -q "$2"; }
# The last line of what the admin listener answers.
get() { printf 'GET %s HTTP/1.0\r\n\r\n' "$2" | timeout 30 nc "$1" 9100 | tail -n 1; }
is() { [ "$(get "$1" "$2")" = "$3" ]; }

# The commands of the page: command WORD prints the first that begins with it.
command_of() { sed -n "s/^    \$ \($1\)/\1/p" docs/operations.md | head -n 1; }
build=$(command_of 'podman build') run=$(command_of 'podman run') stop=$(command_of 'podman stop')
[[ $build && $run && $stop ]] || fail "docs/operations.md lacks a command of podman"

# ---- a container ----

$build >/run/built 2>&1 || fail "$build: $(cat /run/built)"
$run </dev/null >/run/output 2>&1 &
engine=$!
await "an answer of the container" answers 127.0.0.1
grep -q '^lined: sandbox: .*seccomp; user 65534$' /run/output || fail "the sandbox: $(cat /run/output)"
$stop >/dev/null 2>&1 || fail "$stop ends with $?"
status=0
wait $engine || status=$?
[ $status -eq 0 ] || fail "after $stop it ends with $status: $(cat /run/output)"
grep -q '^lined: served 1 connections' /run/output || fail "it does not drain: $(cat /run/output)"

# The limits of the engine are those of lined. An --ulimit takes the place of all in containers.conf.
for limit in "--pids-limit 50" "--ulimit nofile=60:60 --ulimit nproc=1000:1000"; do
    # shellcheck disable=SC2086 # words
    podman run --detach --name limited $limit lined --quiet >/dev/null || fail "podman run $limit ends with $?"
    await "the connection limit" logs_have limited 'connections at a time$'
    number=$(podman logs limited 2>&1 | sed -n 's/^lined: at most \([0-9]*\) connections at a time$/\1/p')
    if [ "$number" -le 10 ] || [ "$number" -ge 60 ]; then fail "$limit: lined has a limit of $number connections"; fi
    podman rm --force limited >/dev/null
done

# ---- the pod ----

# Without the probe that podman cannot run.
awk '/^```/ { inside = $0 ~ /yaml/; next } inside' docs/operations.md >/run/pod.yaml
grep -q 'livenessProbe: {httpGet: {path: /healthz, port: 9100}' /run/pod.yaml || fail "docs/operations.md has no pod"
sed -i /livenessProbe/d /run/pod.yaml
podman kube play /run/pod.yaml >/run/played 2>&1 || fail "podman kube play: $(cat /run/played)"
infra=$(podman pod inspect --format '{{.InfraContainerID}}' lined)
# A kubelet probes the address of the pod, which is an IPv4 one in most clusters.
address=$(podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$infra")
await "/readyz" is "$address" /readyz ready
[ "$(get "$address" /healthz)" = ok ] || fail "/healthz says $(get "$address" /healthz)"
answers "$address" || fail "the pod does not answer"
# kubectl knows each field, and its value has the right type: it prints the pod without those that it does not know.
if command -v kubectl >/dev/null; then
    kubectl label --local --filename /run/pod.yaml seen=yes --output json >/run/read ||
        fail "kubectl cannot read the pod"
    while read -r field; do
        grep -q "\"$field\":" /run/read || fail "kubectl does not know the field $field"
    done < <(sed 's/ #.*//' /run/pod.yaml | grep -oE '[a-zA-Z]+:' | tr -d : | sort -u)
else
    echo "skipped: check-container: kubectl is not installed"
fi
# In the drain delay it is not ready, and accepts.
podman stop --time 20 lined-lined >/dev/null 2>&1 &
await "the drain" is "$address" /readyz draining
answers "$address" || fail "it does not accept in the drain delay"
wait $! || fail "podman stop ends with $?"
[ "$(podman inspect --format '{{.State.ExitCode}}' lined-lined)" = 0 ] || fail "the pod's lined does not end with 0"
podman kube play --down /run/pod.yaml >/dev/null 2>&1 || fail "podman kube play --down ends with $?"
echo "check-container: $(podman --version): the container and the pod serve, and drain"
