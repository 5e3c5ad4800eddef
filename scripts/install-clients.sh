#!/usr/bin/env bash
# Installs the Redis clients of npm into build/clients, for the tests node_redis and ioredis:
# scripts/install-clients.sh. The versions are those of test/clients/package-lock.json. If they are installed already,
# it changes nothing and uses no network.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=build/clients wanted=test/clients/package-lock.json

scripts/install-deps.sh clients
# The copy is made last, so it is missing or old if an installation has failed.
! cmp -s $wanted $folder/installed.json || exit 0
mkdir -p $folder
rm -f $folder/installed.json
cp test/clients/package.json $wanted $folder/
npm ci --prefix $folder --ignore-scripts --no-audit --no-fund >&2
cp $wanted $folder/installed.json
