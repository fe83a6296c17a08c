#!/bin/sh
# A server waits for a port and then takes the place of the wait: the process id stays, and nothing of rdv is left.
# It goes as far with a database: rdv wait postgres://app@db/app -- ./server
#
# Prints:
#   serving
#   in the process that waited
set -eu
port=${PORT:-18090}
pid_file=$(mktemp)

rdv wait "tcp://127.0.0.1:$port" --timeout 1m --quiet -- \
  sh -c 'echo $$ >"$1"; echo serving' server "$pid_file" &
waiter=$!

sleep 1
rdv serve --listen "127.0.0.1:$port" --quiet >/dev/null & # what is waited for
dependency=$!
trap 'kill $dependency; rm "$pid_file"' EXIT

wait "$waiter"
[ "$(cat "$pid_file")" = "$waiter" ] && echo 'in the process that waited'
