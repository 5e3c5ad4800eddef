#!/usr/bin/env bash
# Three real netcat clients in one chat, as docs/chat.md shows them; in both modes.
set -euo pipefail
root=$1 lined=$2
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need nc

# join NAME: starts a client with its input and output in ${input[NAME]} and ${output[NAME]}.
declare -A input output
join() {
    mkfifo "$scratch/$1.in" "$scratch/$1.out"
    (
        # Held open here as well, the others would never end.
        for fd in "${input[@]}" "${output[@]}"; do exec {fd}>&-; done
        exec nc -N 127.0.0.1 "$port" <"$scratch/$1.in" >"$scratch/$1.out"
    ) &
    exec {fd}>"$scratch/$1.in"
    input[$1]=$fd
    exec {fd}<"$scratch/$1.out"
    output[$1]=$fd
}

say() { printf '%s\n' "$2" >&"${input[$1]}"; }

# hear NAME TEXT: the next line that NAME's terminal shows.
hear() {
    local line
    IFS= read -r -t 10 -u "${output[$1]}" line || fail "$1 heard nothing instead of: $2"
    [ "${line%$'\r'}" = "$2" ] || fail "$1 heard '$line' instead of '$2'"
}

leave() {
    local fd=${input[$1]} rest
    exec {fd}>&-
    fd=${output[$1]}
    rest=$(timeout 10 cat <&"$fd")
    exec {fd}<&-
    rm "$scratch/$1.in" "$scratch/$1.out"
    [ -z "$rest" ] || fail "$1 heard more: $rest"
}

session() {
    join ann
    hear ann '* You are guest1. Type to talk; /nick NAME, /who, /quit.'
    say ann '/nick ann'
    hear ann '* You are ann.'
    join bob
    hear ann '* guest2 joined'
    hear bob '* You are guest2. Type to talk; /nick NAME, /who, /quit.'
    say bob '/nick ann'
    hear bob '* That name is taken.'
    say bob '/nick bob'
    hear bob '* You are bob.'
    hear ann '* guest2 is now bob'
    join eve
    hear eve '* You are guest3. Type to talk; /nick NAME, /who, /quit.'
    hear ann '* guest3 joined'
    hear bob '* guest3 joined'
    say ann 'hello, you two'
    hear bob '<ann> hello, you two'
    hear eve '<ann> hello, you two'
    # What a terminal would obey does not come through: ESC, CSI, an overlong ESC, an override.
    say eve $'\x1b[2Jhi\xc2\x9b\xe0\x80\x9b\xe2\x80\xae'
    hear ann '<guest3> [2Jhi'
    hear bob '<guest3> [2Jhi'
    say eve $'helx\b\x7flo' # two keys that erase
    hear ann '<guest3> helo'
    hear bob '<guest3> helo'
    say bob '/who'
    hear bob '* Here: ann bob guest3'
    say bob '/dance'
    hear bob '* There are /nick NAME, /who and /quit.'
    say bob '/nick '
    hear bob '* A name has 1 to 20 letters, digits, _ or -.'
    say bob "/nick 123456789012345678901"
    hear bob '* A name has 1 to 20 letters, digits, _ or -.'
    say bob '/nick so bad'
    hear bob '* A name has 1 to 20 letters, digits, _ or -.'
    say bob '/quit'
    hear bob '* Bye.'
    leave bob
    hear ann '* bob left'
    hear eve '* bob left'
    leave eve
    hear ann '* guest3 left'
    leave ann
}

for mode in passive active; do
    serve --handler chat --mode "$mode"
    session
    end_serving
done
