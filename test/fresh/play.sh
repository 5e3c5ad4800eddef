#!/usr/bin/env bash
# Does what the README shows, from its first line to its last, as a reader would, and compares what is
# printed with what the README says is printed; numbers may differ. scripts/check-fresh.sh runs it in a
# machine made for it: it installs packages, lined in /usr/local, and as root files in /etc.
#
# - An indented block has commands, after "$ ", and below each what it prints, if anything is shown.
# - A fenced block is a file: see test/readme.sh. A section that has files has a folder of its own, and
#   its commands run there; all other commands run in the checkout.
# - A server (scripts/run.sh, lined, a program ./NAME) goes on until the block that begins with ^C, the next server, or the
#   end of the section.
set -euo pipefail
set -m # a job that is started in the background can be interrupted like one in a terminal
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
checkout=$PWD
# shellcheck source=test/readme.sh
. test/readme.sh
scratch=$(mktemp -d)
server='' # its process, while there is one
trap '[ -z "$server" ] || kill -KILL "$server" 2>/dev/null; rm -rf "$scratch"' EXIT

fail() {
    echo "FAILED: README: $1" >&2
    exit 1
}

# The same for each machine and run: no figures, and no user's name.
without_figures() {
    sed -E 's/[0-9]+([.][0-9]+)?/N/g; s#N [kMG]B/s#N B/s#g; s/; user .*/; user N/'
}

expect_output() { # COMMAND EXPECTED FILE
    diff <(without_figures <<<"$2") <(without_figures <<<"$(<"$3")") >"$scratch/differs" ||
        fail "$1 prints something else (>) than is shown (<): $(cat "$scratch/differs")"
}

# ---- servers ----

# A program says nothing of its own.
is_serving() {
    case $server_command in
    ./*) (: <>/dev/tcp/127.0.0.1/1234) 2>/dev/null ;;
    *) grep -q '^lined: at most' "$scratch/server" ;;
    esac
}

start_server() { # COMMAND SHOWN
    stop_server ''
    server_command=$1 server_shown=$2
    : >"$scratch/server"
    # As in a terminal: what runs in the background, or at night, may ignore these, and its children with it.
    (eval "exec env --default-signal=INT,QUIT,HUP $1") >"$scratch/server" 2>&1 &
    server=$!
    until is_serving; do
        kill -0 "$server" 2>/dev/null || fail "$1 has ended: $(cat "$scratch/server")"
        sleep 0.1 # packages are installed meanwhile, and lined is built
    done
}

# stop_server SHOWN: by Ctrl-C. With what is shown then, all that the server has printed is compared.
stop_server() {
    local status=0
    [ -n "$server" ] || return 0
    kill -INT "$server"
    wait "$server" || status=$?
    server=
    # lined drains; a program that knows nothing of signals is ended by this one.
    [ $status -eq 0 ] || [[ $server_command == ./* && $status -eq 130 ]] ||
        fail "$server_command ends with $status: $(cat "$scratch/server")"
    [ -z "$1" ] || {
        sed -n '/^lined: listening on/,$p' "$scratch/server" >"$scratch/since"
        expect_output "$server_command" "$server_shown"$'\n'"$1" "$scratch/since"
    }
}

# ---- commands ----

play() { # COMMAND SHOWN
    echo "README: \$ $1" >&2
    case $1 in
    scripts/run.sh* | lined\ * | ./*) start_server "$1" "$2" ;;
    *)
        eval "$1" >"$scratch/out" 2>&1 </dev/null || fail "$1 ends with $?: $(cat "$scratch/out")"
        grep -h -e '^skipped: ' -e 'tests passed' "$scratch/out" || true
        # The end: what is installed or built before is not shown, nor are empty lines at the end.
        [ -z "$2" ] || {
            tail -n "$(wc -l <<<"$2")" <<<"$(<"$scratch/out")" >"$scratch/end"
            expect_output "$1" "$2" "$scratch/end"
        }
        ;;
    esac
}

# play_block LINE...: without their indentation.
play_block() {
    local command='' shown='' line
    if [[ ${1-} == ^C* ]]; then
        shown=$(printf '%s\n' "$@")
        stop_server "${shown#^C}"
        return
    fi
    for line in "$@" '$ '; do
        if [[ $line != '$ '* ]]; then
            shown+=$line$'\n'
            continue
        fi
        [ -z "$command" ] || play "$command" "${shown%"${shown##*[!$'\n']}"}"
        command=${line#'$ '} shown=
    done
}

begin_section() {
    stop_server ''
    cd "$checkout"
}

# A name is relative to the section's own folder, or of a file that only root may write.
write_file() { # NAME
    case $1 in
    /*) [ "$(id -u)" -eq 0 ] || return 0 ;;
    *) [ "$PWD" != "$checkout" ] || cd "$(mktemp -d "$scratch/section.XXXX")" ;;
    esac
    readme_file "$checkout/README.md" "$1" | tee "$1" >/dev/null
    [ -s "$1" ] || fail "the file $1 is empty"
}

play_all() {
    local line name='' inside=no block=()
    while IFS= read -r line <&3; do
        case $line in
        '```'*)
            [ $inside = no ] || write_file "$name"
            if [ $inside = no ]; then inside=yes; else inside=no; fi
            continue
            ;;
        esac
        [ $inside = no ] || continue
        if [[ $line == '    '* || ( -z $line && ${#block[@]} -gt 0 ) ]]; then
            block+=("${line#    }")
            continue
        fi
        [ ${#block[@]} -eq 0 ] || play_block "${block[@]}"
        block=()
        [[ $line != '## '* ]] || begin_section
        # The same rule as in readme_file.
        [[ ! $line =~ (.*)\`([^\`\ ]*[./][^\`\ ]*)\` ]] || name=${BASH_REMATCH[2]}
    done 3<README.md
    begin_section
}

# ---- what the README says in words ----

prove_words() {
    echo "README: man pages, every address, the module project" >&2
    for page in docs/*.[0-9]; do
        [[ $(man "$page") == *DESCRIPTION* ]] || fail "man $page shows nothing"
    done
    [[ $(man lined) == *DESCRIPTION* ]] || fail "man lined does not show what is installed"
    for address in 0.0.0.0 ::; do
        start_server "lined --ip $address" ''
        [[ $(scripts/talk.sh 127.0.0.1) == *world* ]] || fail "--ip $address does not serve 127.0.0.1"
        [ $address = 0.0.0.0 ] || [[ $(scripts/talk.sh ::1) == *world* ]] || fail "--ip $address does not serve ::1"
        stop_server ''
    done
    cp -r src/handlers/upper "$scratch/upper"
    # As its CMakeLists.txt says.
    cd "$scratch/upper"
    eval "$(sed -n 's/^# *\(cmake .*\)/\1/p' CMakeLists.txt)" >"$scratch/out" 2>&1 || fail "upper: $(cat "$scratch/out")"
    start_server "$(sed -n 's/^# *\(lined --handler .*\)/\1/p' CMakeLists.txt)" ''
    [ "$(echo hello | nc -N 127.0.0.1 1234)" = HELLO ] || fail "upper.so does not answer in upper case"
    begin_section
}

prove_service() {
    echo "README: the unit, the rotation" >&2
    local units=/usr/local/lib/systemd/system
    systemd-analyze verify $units/lined.service $units/lined.socket >"$scratch/out" 2>&1 || true
    # It says what is wrong, and ends with 0 all the same. Of other units, which lack a thing here, it says so too.
    ! grep 'lined' "$scratch/out" || fail "systemd-analyze verify: $(cat "$scratch/out")"
    grep -q '^ExecStart=/usr/local/bin/lined$' $units/lined.service || fail "there is no unit"
    # The one that probe.sh runs.
    sed -n '/^\/var\/log\/lined\/lined.log {/,/^}/p' docs/lined.1 | cmp - /etc/logrotate.d/lined ||
        fail "the rotation of lined(1) is another one"
}

play_all
prove_words
[ "$(id -u)" -ne 0 ] || prove_service
