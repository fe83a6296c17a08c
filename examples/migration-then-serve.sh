#!/bin/sh
# Three replicas start at the same time. One migrates the database; none serves before that has succeeded. The first attempt
# fails here: the next replica migrates instead, and the one whose migration failed starts again, as an orchestrator has it.
#
# Prints:
#   a migration has failed
#   migrated
#   3 replicas serve
set -eu
export RDV_NAMESPACE="example-$$"
trap 'rdv clear migrate attempts serving --all' EXIT

migrate='
  [ "$(rdv counter inc attempts)" -gt 1 ] || { echo a migration has failed; exit 1; }
  sleep 0.3
  echo migrated'

replica() {
  until rdv once migrate --quiet --timeout 1m -- sh -c "$migrate"; do :; done
  rdv counter inc serving >/dev/null # ./serve
}

replica & replica & replica &
wait
echo "$(rdv counter get serving) replicas serve"
