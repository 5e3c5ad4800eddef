#!/usr/bin/env bash
# A two-line session with netcat, which is installed if it is missing: scripts/talk.sh [HOST [PORT]]
"$(dirname "${BASH_SOURCE[0]}")/install-deps.sh" talk || exit
printf 'hello\nworld\n' | nc -N "${1:-127.0.0.1}" "${2:-1234}"
