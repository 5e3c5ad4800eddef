#!/usr/bin/env bash
# The example docs/examples/smtp, as test_examples.sh has built it, used by a client of the test and by Python's
# smtplib.
set -euo pipefail
root=$1 lined=$2 build=$3
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"
module=$build/examples/smtp.so
[ -f "$module" ] || fail "$module is missing: run ctest -R '^(examples|smtp)$'"

# ---- a client of the test's own ----

connect() {
    exec {client}<>"/dev/tcp/127.0.0.1/$port"
}
say() { printf '%s\r\n' "$@" >&"$client"; }
expect() { # REPLY...: each begins so, and ends with CR and LF
    local reply wanted
    for wanted in "$@"; do
        IFS= read -r -t 10 -u "$client" reply || fail "no reply instead of: $wanted"
        [[ $reply == "$wanted"*$'\r' ]] || fail "the reply is '$reply' instead of '$wanted'"
    done
}
expect_end() {
    [ -z "$(timeout 10 cat <&"$client")" ] || fail "more came before the end"
    exec {client}>&-
}

serve --handler "$module" --quiet
connect
expect '220 lined ESMTP'
say 'MAIL FROM:<ann@example.org>'
expect '503 EHLO or HELO first'
say EHLO 'DANCE now'
expect '501 the name of the client is missing' '500 must be one of'
say 'EHLO test.example'
expect 250-lined 250-PIPELINING 250-8BITMIME '250 SIZE 10485760'
say 'RCPT TO:<bob@example.org>' DATA 'MAIL FROM:ann' 'mail from:<a b>' 'MAIL FROM:<a>x'
expect '503 MAIL FROM' '503 RCPT TO' '501 must be FROM' '501 must be FROM' '501 must be FROM'
say "MAIL FROM:<$(printf '%0255d' 1)>" "MAIL FROM:<$(printf '%0254d' 1)>" RSET
expect '501 must be FROM' '250 sender' '250 done'
say 'MAIL FROM:<ann@example.org> SIZE=20' 'RCPT TO:<>' 'RCPT TO:<bob@example.org>' 'RCPT TO: <eve@example.org>' DATA
expect '250 sender' '501 must be TO' '250 recipient' '250 recipient' '354 end'
# A dot is added before a dot; LF alone ends neither a line nor the message; nor does a piece of a long line.
say 'Subject: dots' '' ..hidden
printf 'x\n.\nQUIT\n.\r\n' >&"$client"
say "$(printf '%01024d' 0)." .
expect '250 message 1 received'
say 'MAIL FROM:<>' NOOP 'VRFY ann' 'HELO test.example' 'RCPT TO:<bob@example.org>'
expect '250 sender' '250 done' '252 send' '250 lined' '503 MAIL FROM' # HELO has reset
say "NOOP $(printf '%02000d' 0)" NOOP
expect '500 the line is too long' '250 done'
say 'MAIL FROM:<ann@example.org>'
expect '250 sender'
for ((i = 0; i < 100; i++)); do
    say "RCPT TO:<user$i@example.org>"
    expect '250 recipient'
done
say 'RCPT TO:<one.more@example.org>'
expect '452 100 recipients'
say DATA
expect 354
{ yes "$(printf '%0998d' 0)"$'\r' || true; } | head -n 10486 >&"$client" # 10,486,000 bytes
say . QUIT
expect '552 10486000 bytes' '221 bye'
expect_end

# ---- a real client ----

if command -v python3 >/dev/null && python3 -c 'import smtplib' 2>/dev/null; then
    python3 - "$port" <<'END'
import smtplib, sys

with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=30) as client:
    for number in range(2):
        refused = client.sendmail("ann@example.org", ["bob@example.org", "eve@example.org"],
                                  "Subject: %d\n\n.\n.dot\nend\n" % number)
        assert refused == {}, refused
END
    last=3
else
    echo "skipped: smtp: a message of smtplib: python3 is not installed"
    last=1
fi

# ---- the end of the server ----

connect
expect 220
say 'EHLO test.example' # handled before the end
end_serving
expect 250-lined 250-PIPELINING 250-8BITMIME '250 SIZE' '421 the server ends'
expect_end
[[ $said =~ "smtp: message 1 from 127.0.0.1:"[0-9]+": sender <ann@example.org>, recipients 2, bytes 1065"$'\n' ]] ||
    fail "the message is not reported: $said"
[ "$last" -eq 1 ] || [[ $said == *"smtp: message 3 from"*"sender <ann@example.org>, recipients 2, bytes 28"$'\n'* ]] ||
    fail "the message of smtplib is not reported: $said"
[[ $said == *"smtp: messages received: $last"* ]] || fail "the messages are not counted: $said"

status=0
said=$("$lined" --port 0 --handler "$module" --long-line discard 2>&1) || status=$?
[ "$status" -ne 0 ] || fail "--long-line discard is allowed"
[[ $said == *"smtp: --long-line discard: must be split or close"* ]] || fail "--long-line discard: it said: $said"
