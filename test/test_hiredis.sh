#!/usr/bin/env bash
# hiredis against lined --handler kv.
set -euo pipefail
root=$1 lined=$2 built=$3
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
# shellcheck source=test/clients/play.sh
. "$root/test/clients/play.sh"
[ -x "$built/test/client_hiredis" ] || skip "hiredis was not installed when the tests were built (libhiredis-dev)"
play "$built/test/client_hiredis"
