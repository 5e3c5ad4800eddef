# shellcheck shell=bash disable=SC2154 # server.sh sets said, port, process and messages
# SIGHUP under load, and a full disk. Sourced by scripts/torture.sh.

: "${clients:?}" "${scratch:?}"

# How many log lines there are of lines of clients, over all files, and how many other lines.
count_logged() { cat "$1"/log* | grep -c '^Incoming packet: "client [0-9]* line [0-9]* [a-z]*\\n"$'; }
count_others() { cat "$1"/log* | grep -c -v -x -E 'Incoming packet: "client [0-9]+ line [0-9]+ [a-z]+\\n"|Client disconnected'; }

# Each round: the limits, timeouts and the log's file change while clients talk. No reply and no log
# line is lost, and each log line is whole.
torture_reload() {
    local rounds reloads=0 lost=0 bad='' folder line i busy
    rounds=$(times 20 2)
    folder=$scratch/reload
    mkdir "$folder"
    for ((i = 0; i < rounds; i++)); do
        rm -f "$folder"/log*
        echo LINED_IDLE_TIMEOUT=60 >"$folder/conf"
        serve --config "$folder/conf" --log-file "$folder/log" || bad+="$said;"
        "$clients" --port "$port" --clients 64 --lines 2000 >"$scratch/busy" &
        busy=$!
        while [ -e "/proc/$busy/exe" ]; do
            mv "$folder/log" "$folder/log.$((++reloads))"
            printf 'LINED_IDLE_TIMEOUT=%d\nLINED_MAX_CONNECTIONS=%d\nLINED_MAX_PER_IP=%d\n' \
                $((60 + reloads % 60)) $((16 + reloads % 100)) $((reloads % 2 * 1000)) >"$folder/new"
            mv "$folder/new" "$folder/conf"
            kill -HUP "$process"
            for ((tries = 0; tries < 1000; tries++)); do
                [ ! -e "$folder/log" ] || break
                sleep 0.005
            done
        done
        wait $busy || bad+="$(<"$scratch/busy");"
        lost=$((lost + $(lost_in "$(<"$scratch/busy")")))
        end_serving || bad+="exit status $?: $said;"
        [ "$(count_logged "$folder")" -eq 128000 ] || bad+="$(count_logged "$folder") log lines;"
        [ "$(count_others "$folder")" -eq 0 ] || bad+="$(count_others "$folder") torn log lines;"
    done
    row "SIGHUP and a new log file under 64 busy clients, $rounds times" "$reloads" "$lost" \
        "${bad:-good: no reply and no log line lost}"
}

# A disk of 4 MiB, which has room for all that can wait (2 MiB). When it is full, clients go on; after the file was removed and SIGHUP, so does the
# log, with whole lines.
torture_disk() {
    local rounds lost=0 bad='' disk=$scratch/disk line i
    rounds=$(times 20 2)
    mkdir "$disk"
    mount -t tmpfs -o size=4m none "$disk" || { row "a full disk" 0 - "cannot mount a tmpfs" && return; }
    for ((i = 0; i < rounds; i++)); do
        rm -f "$disk"/log*
        serve --log-file "$disk/log" || bad+="$said;"
        line=$("$clients" --port "$port" --clients 5 --lines 20000) || bad+="$line;"
        lost=$((lost + $(lost_in "$line")))
        rm "$disk/log"
        kill -HUP "$process"
        for ((tries = 0; tries < 1000; tries++)); do
            [[ $(<"$messages") != *"succeeds again"* ]] || break
            sleep 0.01
        done
        end_serving
        [[ $said == *"No space left on device"*"succeeds again"* ]] || bad+="$said;"
        ! grep -q -v -x -E 'Incoming packet: "client [0-9]+ line [0-9]+ [a-z]+\\n"|Client disconnected|Lines dropped: [0-9]+' "$disk/log" ||
            bad+="torn log lines;"
    done
    umount "$disk"
    row "the log's disk is full, then the file is removed and SIGHUP comes" "$rounds" "$lost" \
        "${bad:-good: no client noticed; the log continues}"
}
