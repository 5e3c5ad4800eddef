#!/usr/bin/env bash
# What is documented is what there is: the options of --help in lined(1) and the README, those of
# lined-load in lined-load(1), and what lined.h declares in lined(3); and none besides. And the presets,
# scripts and files that the pages name.
set -euo pipefail
root=$1 lined=$2 load=$3/src/load/lined-load
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
# shellcheck source=test/readme.sh
. "$root/test/readme.sh"

options_in() { grep -oE -e '--[a-z][a-z-]+' | sort -u; }

help=$("$lined" --help | options_in)
[ "$(wc -l <<<"$help")" -ge 24 ] || fail "--help has other options than this test knows of: $help"

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

# The same for lined-load, and the columns of its CSV.
load_help=$("$load" --help | options_in)
[ "$(wc -l <<<"$load_help")" -eq 15 ] || fail "lined-load --help has other options than this test knows of: $load_help"
load_manual=$(sed 's/Fl -/--/g' "$root/docs/lined-load.1" | grep -v '^\$ ' | options_in)
[ "$load_manual" = "$load_help" ] ||
    fail "lined-load(1) and --help differ: $(diff <(echo "$load_manual") <(echo "$load_help"))"
columns=$(sed -n '/^\.Ss CSV/,/^\.El/p' "$root/docs/lined-load.1" | grep -c '^\.It$')
serve --quiet
figures=$("$load" --port "$port" --connections 1 --duration 0.4 --csv)
end_serving
[ "$(tr -cd , <<<"$figures" | wc -c)" -eq $((columns - 1)) ] ||
    fail "lined-load(1) has $columns columns, but the CSV is: $figures"

# Every function of lined.h has its prototype in lined(3), and every result is in its table. Both
# are brought to one form first: "type name(type name,type name)".
one_form() { sed -E 's/[[:space:]]+/ /g; s/ ?([*(),]) ?/\1/g; s/^ | $//g' | sort; }

header_functions() {
    tr '\n' ' ' <"$root/include/lined.h" | sed -E 's|/\*([^*]\|\*+[^*/])*\*+/| |g' |
        grep -oE 'LINED_API [^;]*\)[ ]*;' | sed -E 's/^LINED_API (LINED_CHECK_RESULT )?//; s/;$//' | one_form
}

# Ft gives the type, Fn or Fo to Fc the name and the arguments, each in quotes where it has spaces.
manual_functions() {
    awk '
        function unquoted(text) { gsub(/"/, "", text); return text }
        /^\.Sh/ { inside = /SYNOPSIS/ }
        !inside { next }
        /^\.Ft / { type = unquoted(substr($0, 5)) }
        /^\.Fo / { name = $2; list = "" }
        /^\.Fa / { list = list (list == "" ? "" : ",") unquoted(substr($0, 5)) }
        /^\.Fc/ { print type " " name "(" list ")" }
        /^\.Fn / {
            name = $2
            list = substr($0, index($0, name) + length(name) + 1)
            gsub(/" +"/, ",", list)
            print type " " name "(" unquoted(list) ")"
        }' "$root/docs/lined.3" | one_form
}

functions=$(header_functions)
[ "$(grep -c '^LINED_API' "$root/include/lined.h")" -eq $(($(wc -l <<<"$functions") + 1)) ] ||
    fail "lined.h declares more than these functions and lined_handler_received: $functions"
[ "$(manual_functions)" = "$functions" ] ||
    fail "lined.h and lined(3) differ: $(diff <(echo "$functions") <(manual_functions))"

results=$(sed -n '/^enum lined_result {/,/^}/p' "$root/include/lined.h" |
    grep -oE '^ +LINED_[A-Z_]+' | tr -d ' ')
[ -n "$results" ] || fail "lined.h has no enum lined_result"
table=$(sed -n '/^\.Sh RETURN VALUES/,/^\.El/s/^\.It Dv //p' "$root/docs/lined.3")
[ "$table" = "$results" ] ||
    fail "lined.h and lined(3) have other results: $(diff <(echo "$results") <(echo "$table"))"

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
grep -ohP '(?<=build/)[a-z]+(?=/)|(?<=--preset )[a-z]+' "${pages[@]}" | while read -r preset; do
    grep -qx "$preset" <<<"$presets" || fail "the pages name a preset '$preset', which does not exist"
done
grep -ohP '(?<![\w/.-])(scripts|src|test|docs|include|\.ci)/[\w./-]++(?![<*])' "${pages[@]}" | while read -r file; do
    [ -e "$root/${file%.}" ] || fail "the pages name $file, which does not exist"
done
