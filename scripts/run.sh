#!/usr/bin/env bash
# Builds lined if necessary, and starts it: scripts/run.sh [lined options]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# Standard output is only for the packet log.
"$root/scripts/install-deps.sh" build
cd "$root"
[ -e build/release/lined ] || echo "lined: building" >&2
scripts/configure.sh build/release --preset release
said=$(cmake --build --preset release --target lined 2>&1) || {
    echo "$said" >&2
    exit 1
}
cd "$OLDPWD"
exec "$root/build/release/lined" "$@"
