#!/usr/bin/env bash
# What a change must pass besides the tests: the format, the scripts, the man page.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/install-deps.sh lint
mapfile -t sources < <(git ls-files '*.c' '*.h')
# Other major versions format a few lines differently. Debian 12 and 13 both have this one.
clang-format-19 --dry-run --Werror "${sources[@]}"
mapfile -t shells < <(git ls-files '*.sh' '.ci/*')
shellcheck "${shells[@]}"
mandoc -T lint -W warning docs/*.[0-9]
echo "lint: ${#sources[@]} sources, ${#shells[@]} scripts, man pages: clean"
