#!/usr/bin/env bash
# Every option of --help is in the man page and the README, with its variable; and none besides.
set -euo pipefail
root=$1 lined=$2

fail() {
    echo "FAILED: $1" >&2
    exit 1
}

options_in() { grep -oE -e '--[a-z][a-z-]+' | sort -u; }

help=$("$lined" --help | options_in)
[ "$(wc -l <<<"$help")" -eq 14 ] || fail "--help has other options than this test knows of: $help"

manual=$(sed 's/Fl -/--/g' "$root/docs/lined.1" | options_in)
[ "$manual" = "$help" ] || fail "the man page and --help differ: $(diff <(echo "$manual") <(echo "$help"))"

table=$(grep '^| `-' "$root/README.md" | options_in)
[ "$table" = "$help" ] || fail "the README and --help differ: $(diff <(echo "$table") <(echo "$help"))"

for option in $help; do
    case $option in --help | --version) continue ;; esac
    variable=LINED_$(tr 'a-z-' 'A-Z_' <<<"${option#--}")
    grep -q "$variable" "$root/docs/lined.1" || fail "the man page lacks $variable"
    grep -q "$variable" "$root/README.md" || fail "the README lacks $variable"
done
