#!/bin/sh
# Two jobs that have nothing but curl take turns: a lock is held exactly as long as the connection is open.
#
# Prints:
#   first job works
#   first job is done
#   second job works
#   second job is done
#   the second token is higher
set -eu
port=${PORT:-18091}
server=http://127.0.0.1:$port
folder=$(mktemp -d)

rdv serve --listen "127.0.0.1:$port" --quiet >/dev/null &
process=$!
trap 'kill $process; rm -r "$folder"' EXIT
rdv wait "$server/_health" --quiet

job() { # runs in a subshell, so that it has variables and a descriptor of its own
  (
    mkfifo "$folder/$1"
    curl -fsSN -X POST "$server/_lock/deploy?timeout=1m" >"$folder/$1" &
    holder=$!
    exec 3<"$folder/$1"
    read -r line <&3 # comes when the lock is held
    token=${line##*'"token":"'}
    echo "${token%%'"'*}" >"$folder/$1.token"

    echo "$1 job works"
    rdv signal "$1-works" --quiet
    if [ "$1" = first ]; then rdv wait second-comes --quiet; fi
    kill -0 "$holder" # still held, or the job ends here
    echo "$1 job is done"
    kill "$holder" # gives the lock up
  )
}

export RDV_BACKEND="$server"
job first &
first=$!
rdv wait first-works --quiet
job second &
second=$!
rdv signal second-comes --quiet
wait "$first"
wait "$second"
if [ "$(cat "$folder/second.token")" -gt "$(cat "$folder/first.token")" ]; then
  echo 'the second token is higher'
fi
