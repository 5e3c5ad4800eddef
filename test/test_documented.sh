#!/usr/bin/env bash
# The documents have exactly what the sources have: options, statistics, the columns of lined-load. And the
# presets, scripts and files that the pages name exist. test_manual.sh compares lined.h with lined(3).
set -euo pipefail
root=$1 lined=$2 load=$3/src/load/lined-load
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
# shellcheck source=test/readme.sh
. "$root/test/readme.sh"
# shellcheck source=test/interface.sh
. "$root/test/interface.sh"

options_in() { grep -oE -e '--[a-z][a-z-]+' | sort -u; }

# expect_same WHAT WANTED FOUND, both sorted and one a line
expect_same() { [ "$2" = "$3" ] || fail "$1: $(diff <(echo "$2") <(echo "$3"))"; }

# The options of lined are those of the table in settings.c: in --help, the README, and lined(1) thrice.
rows=$(sed -n '/^const struct setting settings/,/^}/p' "$root/src/command/settings.c" | tr -d '\n' | sed 's/{\.name/\n{.name/g')
options=$({ sed -nE 's/^\{\.name = "(--[a-z-]+)".*/\1/p' <<<"$rows" && printf '%s\n' --help --version; } | sort)
variables=$(grep -oE 'LINED_[A-Z_]+",' <<<"$rows" | tr -d '",' | sort)
[ "$(wc -l <<<"$options")" -eq $(($(wc -l <<<"$variables") + 2)) ] || fail "settings.c cannot be read: $rows"

# Options by one letter, as the table has them, are printed by their names.
letters=$(sed -nE "s/^\{\.name = \"(--[a-z-]+)\", +\.letter = '(.)'.*/s\/^-\2\$\/\1\//p" <<<"$rows"
    printf '%s\n' 's/^-h$/--help/' 's/^-V$/--version/')
section() { sed -n "/^\.$1/,/^\.S[hs]/p" "$root/docs/$2"; }

table=$(grep '^| `-' "$root/README.md")
synopsis=$(section 'Sh SYNOPSIS' lined.1 | grep -E '^\.(Op )?Fl ' | sed -E 's/^\.(Op )?//; s/Fl ([^ ]+) \| (.)/Fl \1 Fl \2/' |
    grep -oE 'Fl [^ ]+' | sed 's/Fl /-/' | sed "$letters" | sort)
expect_same '--help lacks options, or has others' "$options" "$("$lined" --help | options_in)"
expect_same 'the README lacks options, or has others' "$options" "$(options_in <<<"$table")"
expect_same 'the README lacks variables, or has others' "$variables" "$(grep -oE 'LINED_[A-Z_]+' <<<"$table" | sort)"
expect_same 'the synopsis of lined(1) lacks options, or has others' "$options" "$synopsis"
expect_same 'lined(1) explains other options' "$options" \
    "$(section 'Sh DESCRIPTION' lined.1 | grep '^\.It Fl' | sed 's/Fl -/--/g' | options_in)"
expect_same 'lined(1) has other variables' "$variables" \
    "$(section 'Sh ENVIRONMENT' lined.1 | sed '/^\.Pp/,$d' | sed -n 's/^\.Ev \([A-Z_]*\).*/\1/p' | sort)"

# Each built-in handler is in what --handler allows, --help, the README's row and lined(1).
handlers=$(sed -nE 's/^    \{"([a-z]+)", \{LINED_ABI,.*/\1/p' "$root/src/command/handler.c")
[ "$(wc -l <<<"$handlers")" -ge 3 ] || fail "handler.c cannot be read: $handlers"
while read -r handler; do
    grep -qw "$handler" <<<"$(grep -F '"--handler"' <<<"$rows")" || fail "settings.c does not allow --handler $handler"
    "$lined" --help | grep -A3 -e --handler | grep -qw "$handler" || fail "--help lacks the handler $handler"
    grep -F -e --handler <<<"$table" | grep -q "\`$handler\`" || fail "the README lacks the handler $handler"
    section 'Sh DESCRIPTION' lined.1 | sed '/^\.It Fl H/,/^\.It Fl -mode/!d' | grep -qw "Cm $handler" ||
        fail "lined(1) lacks the handler $handler"
done <<<"$handlers"

# The statistics are the fields of struct lined_stats, and log_dropped: in the JSON of lined and of the
# README's session, and in lined(1).
fields=$(header_interface "$root/include/lined.h" | sed -n 's/^field lined_stats //p')
keys=$(printf '%s\n' "$fields" log_dropped | sort)
keys_in() { sed -n '/^{"connections"/{s/"accept_errors":{[^}]*}/"accept_errors":0/;s/"closed":{[^}]*}/"closed":0/;p;}' | grep -oE '"[a-z_]+":' | tr -d '":' | sort; }
[ "$(wc -l <<<"$fields")" -gt 10 ] || fail "lined.h has no struct lined_stats: $fields"
serve --quiet
end_serving
expect_same 'the JSON of lined has other statistics' "$keys" "$(keys_in <<<"$said")"
expect_same "the JSON of the README's session has other statistics" "$keys" \
    "$(sed 's/^ *//' "$root/README.md" | keys_in)"
expect_same 'lined(1) has other statistics' "$keys" \
    "$(section 'Ss Statistics' lined.1 | sed -n 's/^\.It //p' | sed 's/ , /\n/g' | sort)"

# The options of lined-load are those of its tables, and the columns of its CSV those of lined-load(1)
# and of test_lined_load.c.
rows=$(sed -n '/ \(numbers\|others\)\[\] = {$/,/^};/p' "$root/src/load/settings.c")
options=$(grep -oE '\{"[a-z-]+",' <<<"$rows" | sed 's/{"\(.*\)",/--\1/' | sort)
[ "$(wc -l <<<"$options")" -gt 10 ] || fail "src/load/settings.c cannot be read: $rows"
expect_same 'lined-load --help lacks options, or has others' "$options" "$("$load" --help | options_in)"
expect_same 'lined-load(1) lacks options, or has others' "$options" \
    "$(sed 's/Fl -/--/g' "$root/docs/lined-load.1" | grep -v '^\$ ' | options_in)"
columns=$(section 'Ss CSV' lined-load.1 | grep -c '^\.It$')
serve --quiet
csv=$("$load" --port "$port" --connections 1 --duration 0.4 --csv)
end_serving
[ "$(tr -cd , <<<"$csv" | wc -c)" -eq $((columns - 1)) ] ||
    fail "lined-load(1) has $columns columns, but the CSV is: $csv"
grep -q "^    COLUMNS = $columns\$" "$root/test/test_lined_load.c" ||
    fail "lined-load(1) has $columns columns, test_lined_load.c has others"

# Every reason of a close that the packet log can show is in the table of behaviour.md. A client's end and
# its reset are "Client disconnected" there, and the last of these is no reason.
words=$(sed -n '/words\[\] = {/,/^}/s/.*= "\(.*\)",$/\1/p' "$root/src/base/reason.c" |
    grep -vx -e ok -e disconnected -e reset -e gone)
[ "$(wc -l <<<"$words")" -gt 10 ] || fail "src/base/reason.c has no table of words: $words"
while read -r word; do
    grep -qF "| \`$word\` |" "$root/docs/behaviour.md" || fail "behaviour.md lacks the reason '$word'"
done <<<"$words"

in_readme=$(readme_file "$root/README.md" echo.c)
in_manual=$(sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$root/docs/lined.3" | sed '1,/^\.Bd/d; /^\.Ed/d')
[ "$in_manual" = "$in_readme" ] ||
    fail "the examples differ: $(diff <(echo "$in_readme") <(echo "$in_manual"))"

# Every build/PRESET/, --preset PRESET, and every file of the project that a page names; but not the
# likes of test_<module>.c and *.patch.
pages=("$root"/{README,SECURITY,CHANGELOG}.md "$root"/docs/*.md "$root"/docs/*.[0-9])
presets=$(sed -n '/"configurePresets"/,/"buildPresets"/s/^ *"name": "\(.*\)",/\1/p' "$root/CMakePresets.json")
grep -ohP '(?<=build/)[a-z0-9]+(?=/)|(?<=--preset )[a-z0-9]+' "${pages[@]}" | while read -r preset; do
    grep -qx "$preset" <<<"$presets" || fail "the pages name a preset '$preset', which does not exist"
done
grep -ohP '(?<![\w/.-])(scripts|src|test|docs|include|\.ci)/[\w./-]++(?![<*])' "${pages[@]}" | while read -r file; do
    [ -e "$root/${file%.}" ] || fail "the pages name $file, which does not exist"
done
