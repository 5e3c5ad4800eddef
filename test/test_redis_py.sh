#!/usr/bin/env bash
# redis-py against lined --handler kv. The first python3 that has it: Debian's package is for Debian's python3, which
# another one may hide.
set -euo pipefail
root=$1 lined=$2
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need python3
# shellcheck source=test/clients/play.sh
. "$root/test/clients/play.sh"
while IFS= read -r python; do
    "$python" -c 'import redis' 2>/dev/null || continue
    play "$python" "$root/test/clients/redis_py.py"
    exit
done < <(type -ap python3)
skip "redis-py is not installed (python3-redis)"
