#!/bin/sh
# Three nodes join a group, busy at first and ready later. Somebody waits until all three are ready.
# A node holds its key: the key goes when the node ends, or dies.
#
# Prints:
#   all are ready
#   deploy/one ready
#   deploy/three ready
#   deploy/two ready
#   all have left
set -eu
export RDV_NAMESPACE="example-$$"
trap 'rdv clear over' EXIT

node() { # NAME SECONDS
  {
    sleep "$2"
    echo ready             # each line is a new state
    rdv wait over --quiet  # the end of the lines gives the key up
  } | rdv signal "deploy/$1" busy --hold --states-from -
}

node one 0.2 &
node two 0.6 &
node three 1 &

rdv wait deploy/ --min 3 --timeout 1m --quiet
echo 'all are ready'
rdv list deploy/ | while read -r key state _; do echo "$key $state"; done

rdv signal over
wait
rdv wait deploy/ --not --state '*' --quiet
echo 'all have left'
