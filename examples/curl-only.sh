#!/bin/sh
# Two processes that have nothing but curl meet through a rendezvous server.
# -f makes curl fail (exit code 22) when the wait times out, which is HTTP status 404.
#
# Prints:
#   {"ok":true}
#   {"ok":true}
#   the wait is over
#   nobody signalled other: exit code 22
set -eu
port=${PORT:-18091}
server=http://127.0.0.1:$port

rdv serve --listen "127.0.0.1:$port" --quiet >/dev/null &
process=$!
trap 'kill $process' EXIT
rdv wait "$server/_health" --quiet

curl -fsS "$server/db?state=migrated&timeout=1m" >/dev/null & # one waits
waiter=$!
curl -fsS -X PUT "$server/db?state=migrated" && echo          # the other one signals
wait "$waiter"
curl -fsS "$server/db?state=migrated" && echo                 # a signal stays, so latecomers go on at once
echo 'the wait is over'

code=0
curl -fsS "$server/other?timeout=200ms" 2>/dev/null || code=$?
echo "nobody signalled other: exit code $code"
