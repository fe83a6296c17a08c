#!/bin/sh
# Three nodes are deployed, one of them first: the canary. The others go on once it is healthy. The deploy is over when
# all nodes are ready; if the canary had failed, it would be over at once.
#
# Prints:
#   the canary is healthy
#   all 3 nodes are deployed
set -eu
export RDV_NAMESPACE="example-$$"
trap 'rdv clear canary deployed nodes --all; rdv clear deploy --recursive' EXIT

node() { # NAME
  index=$(rdv barrier nodes --parties 3 --timeout 1m --quiet) # nobody begins while one is missing
  if [ "$index" = 0 ]; then # the first to arrive is the canary
    sleep 0.5               # stands for the deploy and its checks
    rdv signal canary healthy
  fi
  rdv wait canary=healthy --fail-state failed --timeout 1m --quiet
  rdv counter inc deployed --idempotency-key "$1" >/dev/null
  rdv signal "deploy/$1"
}

node one & node two & node three &

rdv wait canary=healthy --fail-state failed --timeout 1m --quiet
echo 'the canary is healthy'
rdv wait deploy/ --min 3 --fail-state failed --timeout 1m --quiet
echo "all $(rdv counter get deployed) nodes are deployed"
wait
