#!/bin/sh
# Usage: try-executable.sh FILE. Checks that the executable does its main job on this machine: two processes meet.
set -eu
rdv=$1
chmod +x "$rdv"
RDV_DATA_DIR=$(mktemp -d)
export RDV_DATA_DIR
"$rdv" --version
"$rdv" wait db=migrated --timeout 1m -- echo 'they have met' &
waiter=$!
"$rdv" signal db migrated
wait "$waiter"
test "$("$rdv" get db)" = migrated
"$rdv" lock L -- true
rm -r "$RDV_DATA_DIR"
