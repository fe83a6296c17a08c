#!/bin/sh
# A health check looks once: exit code 0 where all is up, 1 where anything is down.
#
# Prints:
#   0
#   1
set -eu
port=${PORT:-18092}

rdv serve --listen "127.0.0.1:$port" --quiet >/dev/null & # what is checked
process=$!
trap 'kill $process' EXIT
rdv wait "tcp://127.0.0.1:$port" --quiet

rdv probe "http://127.0.0.1:$port/_health" --http-body-match '"ok":true'
echo $?

kill "$process"
trap - EXIT
wait "$process" || true
code=0
rdv probe "http://127.0.0.1:$port/_health" 2>/dev/null || code=$?
echo "$code"
