#!/usr/bin/env bash
# node-redis against lined --handler kv.
set -euo pipefail
root=$1 lined=$2
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
# shellcheck source=test/clients/play.sh
. "$root/test/clients/play.sh"
play_in_node redis "$root/test/clients/node_redis.js"
