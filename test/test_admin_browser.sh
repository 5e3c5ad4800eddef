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

# Five more clients that have left before the page is opened. Each sample is a point of the plots. Without
# samples the time limit of the test ends the wait.
statistics() { printf 'GET /stats.json HTTP/1.0\r\n\r\n' | nc -N 127.0.0.1 "$admin_port"; }
points() { statistics | sed -n 's/.*"plots":{"connected":{[^}]*"points":"\([^"]*\)".*/\1/p' | wc -w; }
clients=()
for _ in 1 2 3 4 5; do
    exec {client}<>"/dev/tcp/127.0.0.1/$port"
    echo early >&"$client"
    IFS= read -r -t 10 -N 17 -u "$client" line || fail 'no answer' # or it is a reset
    clients+=("$client")
done
before=$(points)
[ "$before" -ge 2 ] || fail "the plot has $before points"
until [ "$(points)" -ge $((before + 2)) ]; do
    sleep 0.05
done
for client in "${clients[@]}"; do
    exec {client}>&-
done
until statistics | grep -q '"connected":1,'; do
    sleep 0.05
done

# Without its script, which is the end of the page: the tables. (--dump-dom needs scripts to be enabled.)
printf 'GET / HTTP/1.0\r\n\r\n' | nc -N 127.0.0.1 "$admin_port" | sed '1,/^\r$/d; /<script/,$d' >"$scratch/page.html"
visit "file://$scratch/page.html"
expect_page '<td data-key="lines">8' '<th scope="row">disconnected</th><td>6' 'ready</p>' \
    '<polyline class="curve" points="[0-9.]+,126.0 [0-9., ]+' \
    'class="scale" [^>]*>10</text>' 'id="now-connected">1</b>' \
    '&lt;img/src=x/onerror=document.title=1&gt;</th>'

# With it: the figures and the plots that the script has read. The scale is for the clients before the opening.
visit "http://127.0.0.1:$admin_port/"
expect_page '<title>lined</title>' '<polyline class="curve" points="[0-9.]+,126.0 [0-9., ]+' \
    'class="scale" [^>]*>10</text>' '<td data-key="lines">8</td>' '<th>disconnected</th><td>6</td>' '&lt;img/src=x/onerror=document.title=1&gt;</th>' 'ready</p>'
! has '<img' || fail "a client's text is a part of the page: $page"

exec {talk}>&- {hear}<&-
wait "$!" || true
end_serving
