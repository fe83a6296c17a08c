#!/bin/sh
# A worker works through a topic, is stopped, and goes on where it left off: the store knows its place by its name.
#
# Prints:
#   order 1
#   order 2
#   order 3
#   started again
#   order 4
#   order 5
set -eu
export RDV_NAMESPACE="example-$$"
trap 'rdv clear orders --all' EXIT

for number in 1 2 3 4 5; do echo "order $number"; done | rdv publish orders -

rdv subscribe orders --as mailer --from start --count 3 --quiet # the first time from the start
echo 'started again'
rdv subscribe orders --as mailer --from start --count 2 --quiet # then from its place
