#!/usr/bin/env bash
# The classic load against a real lined: what the kernel delivered is all handled, and nothing stays
# behind.
set -euo pipefail
root=$1 lined=$2
# shellcheck source=test/serve.sh
. "$root/test/serve.sh"

serve
threads=$(count_threads) descriptors=$(count_descriptors)
"$root/scripts/load-dd.sh" -p "$port" -n 20 -j 2 2>"$scratch/dd" | tee "$scratch/summary"
grep -q '^load-dd: 20 rounds, 167772160 bytes, [0-9]* MB/s, 0 failures$' "$scratch/summary" ||
    fail "the summary is wrong: $(cat "$scratch/dd")"
await_counts "$threads" "$descriptors"
end_serving

# Every line is 1460 zeros. The lines' bytes and the dropped tails are all that was received.
[[ $said =~ served\ 40\ connections,\ ([0-9]+)\ lines,\ ([0-9]+)\ bytes\ in,.*\ ([0-9]+)\ unfinished ]] ||
    fail "lined said: $said"
lines=${BASH_REMATCH[1]} bytes_in=${BASH_REMATCH[2]} dropped=${BASH_REMATCH[3]}
echo "$lines lines, $bytes_in bytes in, $dropped dropped"
[ "$lines" -gt 40 ] || fail "only $lines lines came through"
[ $((lines * 1460 + dropped)) -eq "$bytes_in" ] || fail "lines and tails are not what was received"
[ "$(grep -c '^Incoming packet: <<0, 0, .*, \.\.\.>>$' "$log")" -eq "$lines" ] ||
    fail "the log has other lines than were handled"
[ "$(grep -c '^Client disconnected$' "$log")" -eq 40 ] || fail "not every client's end is logged"
[ "$(wc -l <"$log")" -eq $((lines + 40)) ] || fail "the log has lines of no kind"

# With the replies read, all that dd sends is received and answered.
serve --quiet
"$root/scripts/load-dd.sh" -p "$port" -n 3 -j 2 -c 2 --read-back 2>"$scratch/dd" |
    tee "$scratch/summary"
grep -q '^load-dd: 3 rounds, 50331648 bytes, [0-9]* MB/s, 0 failures$' "$scratch/summary" ||
    fail "the summary is wrong: $(cat "$scratch/dd")"
end_serving
[[ $said == *"served 6 connections, 34470 lines, 50331648 bytes in, 50705370 bytes out,"* ]] ||
    fail "lined said: $said"

# load-dd.sh that is stopped stops its dd, and reports. The server would never give one up.
serve --quiet --send-timeout 0
threads=$(count_threads) descriptors=$(count_descriptors)
"$root/scripts/load-dd.sh" -p "$port" -c 999999 -j 2 --read-back >"$scratch/summary" 2>/dev/null &
load=$!
for ((i = 0; i < 1000 && $(count_descriptors) < descriptors + 2; i++)); do sleep 0.01; done
kill -TERM "$load"
wait "$load" || fail "it ended with $? when it was stopped"
await_counts "$threads" "$descriptors"
end_serving
[ "$(<"$scratch/summary")" = "load-dd: 0 rounds, 0 bytes, 0 MB/s, 0 failures" ] ||
    fail "the summary of one that was stopped is: $(<"$scratch/summary")"

# A server that answers something else is noticed, and so is one that is not there.
serve --quiet --max-line 100
! "$root/scripts/load-dd.sh" -p "$port" -n 1 -b 1000 --read-back >"$scratch/summary" 2>&1 ||
    fail "other replies than are owed passed"
end_serving
! "$root/scripts/load-dd.sh" -p "$port" -n 1 >"$scratch/summary" 2>&1 || fail "it passed without a server"
grep -q ' 1 failures$' "$scratch/summary" || fail "the summary is: $(cat "$scratch/summary")"
