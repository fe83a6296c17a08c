#!/bin/sh
# Map and reduce: three mappers share the lines of a text and count its words, one reducer adds up what they have found.
# They may as well run on different hosts, with RDV_BACKEND set to where they all meet.
#
# Prints:
#   3 the
#   2 dog
#   2 fox
#   1 and
#   1 sleeps
#   1 wakes
set -eu
export RDV_NAMESPACE="example-$$"
trap 'rdv clear text counted --all' EXIT

map() { # NUMBER
  rdv pipe receive text --group mappers | tr -s ' ' '\n' | sort | uniq -c |
    rdv pipe send "counted/$1" --group reducer
}

map 1 &
map 2 &
map 3 &

rdv pipe send text --group mappers --min 3 <<'TEXT' & # begins when all three are there
the fox and the dog
dog sleeps
the fox wakes
TEXT

{
  for number in 1 2 3; do rdv pipe receive "counted/$number" --group reducer & done
  wait
} | awk '{ sum[$2] += $1 } END { for (word in sum) print sum[word], word }' | sort -k 1,1nr -k 2
wait
