#!/usr/bin/env bash
# Checks that a change must pass besides the tests: the format of C files, shell scripts, man pages, and
# plain words.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Files of the project, also new ones that git does not track yet: list PATTERN...
list() {
    git ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r file; do
        [ ! -f "$file" ] || echo "$file"
    done
}

# Words that docs/hacking.md does not allow. They name a connection, a thread or a client as if it were a
# person, or they are a picture in place of the term.
words='who|whoever|whom|whose|nobody|somebody|everybody|anybody|where that pays|courier|spares|crest|receded' # words: ok
words+='|(give|gives|given|giving|gave) way|(wait|waits|waited|waiting) awake|under way'                      # words: ok

# Allowed: a command of the chat, and the name of a user.
allowed='--user=nobody|/who\b|\buser nobody\b|["'\''`]nobody["'\''`]' # words: ok

check_words() {
    local pathspecs=(src include docs scripts test '*.md' ':!docs/measurements' ':!test/fuzz/corpus')
    mapfile -t prose < <(list "${pathspecs[@]}")
    # -I skips binary files. A line with the marker may have any word.
    ! grep -nIHE '.' "${prose[@]}" | grep -v 'words: ok' | sed -E "s%$allowed%%g" | grep -iE ":[0-9]+:.*\b($words)\b" ||
        { echo "lint: these lines have a word that is not allowed; see docs/hacking.md" >&2 && return 1; }
}

scripts/install-deps.sh lint
mapfile -t sources < <(list '*.c' '*.h')
# Other major versions format a few lines differently. Debian 12 and 13 both have this version.
clang-format-19 --dry-run --Werror "${sources[@]}"
mapfile -t shells < <(list '*.sh' '.ci/*')
shellcheck "${shells[@]}"
mandoc -T lint -W warning docs/*.[0-9]
check_words
echo "lint: ${#sources[@]} sources, ${#shells[@]} scripts, man pages, words in ${#prose[@]} files: clean"
