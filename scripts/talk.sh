#!/usr/bin/env bash
# A two-line session with netcat: scripts/talk.sh [HOST [PORT]]
printf 'hello\nworld\n' | nc -N "${1:-127.0.0.1}" "${2:-1234}"
