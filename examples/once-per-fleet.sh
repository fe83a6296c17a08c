#!/bin/sh
# The same crontab on every node of a fleet: the nightly job runs on one of them. Whoever comes while it runs, or after it,
# leaves at once. If it fails, the next one who comes runs it.
#
# Prints:
#   the nightly job runs
#   3 nodes have called it
set -eu
export RDV_NAMESPACE="example-$$"
trap 'rdv clear nightly called --all' EXIT

node() {
  rdv once nightly --expire 20h --try --exit-codes no=0 -- sh -c 'echo the nightly job runs; sleep 1' 2>/dev/null
  rdv counter inc called >/dev/null
}

node & node & node &
wait
echo "$(rdv counter get called) nodes have called it"
