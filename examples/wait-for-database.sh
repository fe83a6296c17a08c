#!/bin/sh
# A server starts only after the database was migrated, whichever of the two is started first.
#
# Prints:
#   migrating
#   serving
set -eu
export RDV_NAMESPACE="example-$$" # keeps this run apart from everything else
trap 'rdv clear db' EXIT

{
  echo migrating
  sleep 1 # ./migrate
  rdv signal db migrated
} &

rdv wait db=migrated --timeout 1m --quiet -- echo serving # ./server
