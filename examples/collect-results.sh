#!/bin/sh
# Three CI jobs publish what they found, and a last one collects it, whichever of them is started first.
#
# Prints:
#   build passed
#   lint passed
#   test failed
#   not all have passed
set -eu
export RDV_NAMESPACE="example-$$"
results=$(mktemp)
trap 'rm "$results"; rdv clear results --all' EXIT

job() { # NAME RESULT SECONDS
  sleep "$3"
  rdv publish results "$1 $2"
}

job lint passed 0.1 &
job test failed 0.4 &
job build passed 0.2 &

rdv subscribe results --from start --count 3 --timeout 1m --quiet >"$results"
sort "$results"
if grep -q failed "$results"; then echo 'not all have passed'; fi
wait
