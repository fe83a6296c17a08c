#!/bin/sh
# One of two nodes fails to deploy. Whoever waits for both learns it at once instead of waiting for the timeout.
#
# Prints:
#   exit code 1: the deployment has failed
#   deploy/two is failed
set -eu
export RDV_NAMESPACE="example-$$"
trap 'rdv clear deploy --recursive' EXIT

deploy() { # NAME COMMAND...
  name=$1
  shift
  rdv signal "deploy/$name" busy --hold --on-success ready --on-failure failed -- "$@"
}

deploy one sleep 2 &
deploy two sh -c 'sleep 0.5; exit 3' &

code=0
rdv wait deploy/ --min 2 --fail-state failed --timeout 1m 2>/dev/null || code=$?
[ "$code" = 1 ] && echo 'exit code 1: the deployment has failed'
echo "deploy/two is $(rdv get deploy/two)"
wait
