#!/usr/bin/env bash
# ioredis against lined --handler kv.
set -euo pipefail
root=$1 lined=$2
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
# shellcheck source=test/clients/play.sh
. "$root/test/clients/play.sh"
play_in_node ioredis "$root/test/clients/ioredis.js"
