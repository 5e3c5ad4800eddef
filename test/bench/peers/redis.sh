#!/usr/bin/env bash
# Redis on a free port, saved nowhere, said as lined says it: "... listening on ADDRESS:PORT".
set -euo pipefail
for _ in {1..20}; do
    port=$((20000 + RANDOM % 10000))
    # The port is free if connecting fails.
    (exec 3<>/dev/tcp/127.0.0.1/"$port") 2>/dev/null || break
done
{
    until (exec 3<>/dev/tcp/127.0.0.1/"$port") 2>/dev/null; do :; done
    echo "redis: listening on 127.0.0.1:$port" >&2
} &
exec redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no >/dev/null
