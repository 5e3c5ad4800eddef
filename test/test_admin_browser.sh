#!/usr/bin/env bash
# The page of the admin listener in headless Chromium: live with its script, complete without it, and with
# hostile text, which here is the path of a socket.
set -euo pipefail
root=$1 lined=$2
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
need chromium nc

start() { # OPTION...
    local line
    exec {messages}< <(exec "$lined" --quiet --admin 127.0.0.1:0 "$@" 2>&1 >"$log")
    pid=$!
    while IFS= read -r -t 10 -u "$messages" line; do
        [[ $line != "lined: listening on 127."* ]] || port=${line##*:}
        [[ $line != "lined: admin listener on "* ]] || break
    done
    [ -n "$line" ] || fail "lined said nothing of the admin listener"
    admin_port=${line##*:}
}

# Puts an address's page as the browser has it, after some of its seconds, into $page.
visit() { # ADDRESS
    page=$(timeout 100 chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage \
        --disable-background-networking --user-data-dir="$scratch/profile" --virtual-time-budget=5000 \
        --dump-dom "$1" 2>"$scratch/browser") ||
        fail "the browser ends with $?: $(<"$scratch/browser")"
}

has() { grep -qE -- "$1" <<<"$page"; }
expect_page() { # PATTERN...
    local pattern
    for pattern; do
        has "$pattern" || fail "the page lacks '$pattern': $page"
    done
}

hostile="$scratch/<img/src=x/onerror=document.title=1>"
mkdir -p "${hostile%/*}"
start --listen 127.0.0.1:0 --listen "unix:$hostile"
printf 'hello\nworld\n' | nc -N 127.0.0.1 "$port" >/dev/null
mkfifo "$scratch/in" "$scratch/out"
nc -U "$hostile" <"$scratch/in" >"$scratch/out" & # it stays
exec {talk}>"$scratch/in" {hear}<"$scratch/out"
echo again >&"$talk"
IFS= read -r -t 10 -u "$hear" line || fail 'no answer on the Unix socket'
[ "$line" = 'Received: again' ] || fail "the Unix socket answers '$line'"

# Without its script, which is the end of the page: the tables. (--dump-dom needs scripts to be enabled.)
printf 'GET / HTTP/1.0\r\n\r\n' | nc -N 127.0.0.1 "$admin_port" | sed '1,/^\r$/d; /<script/,$d' >"$scratch/page.html"
visit "file://$scratch/page.html"
expect_page '<td data-key="lines">3' '<th scope="row">disconnected</th><td>1' 'ready</p>' \
    '<div id="plots" hidden' '&lt;img/src=x/onerror=document.title=1&gt;</th>'
! has '<polyline' || fail "something draws without a script: $page"

# With it: drawn, and the figures that the script has read.
visit "http://127.0.0.1:$admin_port/"
expect_page '<title>lined</title>' '<polyline class="curve"' '<div id="plots">' '<td data-key="lines">3</td>' \
    '<th>disconnected</th><td>1</td>' '&lt;img/src=x/onerror=document.title=1&gt;</th>' 'ready</p>'
! has '<img' || fail "a client's text is a part of the page: $page"

exec {talk}>&- {hear}<&-
wait "$!" || true
end_serving
