#!/bin/sh
# Four nodes restart, at most two at the same time: a lock with two slots. The slots are free again when a node is done, or dies.
#
# Prints:
#   4 restarts
#   never more than 2 at once
set -eu
export RDV_NAMESPACE="example-$$"
trap 'rdv clear down restarts too-many --all' EXIT

node() {
  rdv lock restart --slots 2 --timeout 1m --quiet -- sh -euc '
    down=$(rdv counter inc down)
    [ "$down" -le 2 ] || rdv signal too-many
    sleep 0.3 # stands for the restart and its checks
    rdv counter inc restarts >/dev/null
    rdv counter dec down >/dev/null'
}

node & node & node & node &
wait
echo "$(rdv counter get restarts) restarts"
rdv get too-many 2>/dev/null || echo 'never more than 2 at once'
