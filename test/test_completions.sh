#!/usr/bin/env bash
# The completions as they are installed: bash, fish and zsh complete every option of --help, and the words of its
# value.
set -euo pipefail
root=$1 lined=$2 build=$3
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
[ -d "$build/completions" ] || {
    echo "skipped: completions: this build has none, as it is for another machine"
    exit 77
}
prefix=$scratch/prefix
cmake --install "$build" --prefix "$prefix" >/dev/null

# ---- the generator ----

declare -A installed=([bash]=bash-completion/completions/lined [zsh]=zsh/site-functions/_lined
    [fish]=fish/vendor_completions.d/lined.fish)
for shell in "${!installed[@]}"; do
    "$build/lined-completions" "$shell" | cmp - "$prefix/share/${installed[$shell]}"
done
status=0
"$build/lined-completions" tcsh 2>"$scratch/usage" || status=$?
[ "$status" -eq 2 ] || fail "the generator ends with $status for an unknown shell"
grep -q '^usage: ' "$scratch/usage" || fail "the generator says $(<"$scratch/usage")"
status=0
"$build/lined-completions" bash >/dev/full || status=$?
[ "$status" -eq 1 ] || fail "the generator ends with $status for a full disk"

options=$("$lined" --help | grep -oE '^  (-., |    )--[a-z-]+' | grep -oE -e '--[a-z-]+' | sort)
[ "$(wc -l <<<"$options")" -gt 20 ] || fail "--help has only $options"

# ---- bash ----

# shellcheck source=/dev/null
. "$prefix/share/bash-completion/completions/lined"
complete -p lined | grep -q -w _lined || fail "bash: nothing completes lined"
# bash_offers WORD...: what is offered for the last word.
bash_offers() {
    COMP_WORDS=(lined "$@") COMP_CWORD=$#
    _lined
    printf '%s\n' "${COMPREPLY[@]}" | sort
}
expect_offer() { # EXPECTED OFFERED WHAT
    [ "$1" = "$2" ] || fail "$3 offers $2, not $1"
}
words() { printf '%s\n' "$@" | sort; }
expect_offer "$options" "$(bash_offers --)" "bash: lined --"
for option in $options; do
    bash_offers "${option%?}" | grep -qx -e "$option" || fail "bash: lined ${option%?} does not offer $option"
done
expect_offer "$(words active passive)" "$(bash_offers --mode '')" "bash: --mode"
expect_offer active "$(bash_offers --mode = a)" "bash: --mode=a"
expect_offer "$(words active passive)" "$(bash_offers --mode =)" "bash: --mode="
expect_offer "" "$(bash_offers --port '')" "bash: --port"
cd "$scratch"
touch my.so
expect_offer "$(words received chat kv pubsub "$(ls)" | grep .)" "$(bash_offers -H '')" "bash: -H"
expect_offer root "$(bash_offers --user roo)" "bash: --user roo"
[[ $(bash_offers --quiet --) == "$options" ]] || fail "bash: a flag has no value"

# ---- fish and zsh ----

# expect_completions SHELL: SHELL_offers LINE prints what is offered for the end of the line.
expect_completions() {
    expect_offer "$options" "$("$1_offers" 'lined --')" "$1: lined --"
    expect_offer "$(words active passive)" "$("$1_offers" 'lined --mode ')" "$1: --mode"
    expect_offer "$(words chat)" "$("$1_offers" 'lined --quiet --handler ch')" "$1: --handler ch"
    expect_offer "$(words my.so)" "$("$1_offers" 'lined -H my')" "$1: -H my"
    expect_offer "$(words my.so)" "$("$1_offers" 'lined --config my')" "$1: --config my"
    expect_offer "$(words root)" "$("$1_offers" 'lined --user roo')" "$1: --user roo"
    expect_offer "" "$("$1_offers" 'lined --port ')" "$1: --port"
}

if command -v fish >/dev/null; then
    # It finds the file by the folder, if it finds the command, and prints descriptions behind tabs.
    fish_offers() {
        HOME=$scratch XDG_CONFIG_HOME=$scratch/fish XDG_DATA_DIRS=$prefix/share PATH=$prefix/bin:$PATH \
            fish -c "complete -C '$1'" | cut -f 1 | sort
    }
    expect_completions fish
else
    echo "skipped: completions: fish is not installed"
fi

if command -v zsh >/dev/null && ! zsh -fc 'zmodload zsh/zpty && zpty terminal true' 2>/dev/null; then
    echo "skipped: completions: zsh completes in a pseudo-terminal only (/dev/ptmx, /dev/pts)"
elif command -v zsh >/dev/null; then
    zsh_offers() { HOME=$scratch timeout 60 zsh -f "$root/test/complete.zsh" "$prefix/share/zsh/site-functions" "$1" | sort; }
    expect_completions zsh
else
    echo "skipped: completions: zsh is not installed"
fi
