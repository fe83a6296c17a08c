#!/bin/sh
# CI jobs: one job fans out into four shards, which run wherever they are started, in any order. One of them fails and is run
# again as a whole, as CI does; it counts once. The last job merges when all four are done, though it began first.
#
# Prints:
#   20 tests have passed
set -eu
export RDV_NAMESPACE="run-$$"
trap 'rdv clear shards passed --all' EXIT

shard() { # NUMBER
  rdv counter inc passed --by 5 --idempotency-key "shard-$1" >/dev/null
  [ "$1" != 3 ] || [ -n "${retried:-}" ] || return 1 # it fails after it has counted
  rdv waitgroup done shards --idempotency-key "shard-$1" >/dev/null
}

merge() {
  # shellcheck disable=SC2016
  rdv waitgroup wait shards --expect 4 --timeout 1m --quiet -- \
    sh -c 'echo "$(rdv counter get passed) tests have passed"'
}

merge & # fan in
merging=$!

rdv waitgroup add shards 4 --idempotency-key plan >/dev/null # fan out
for number in 1 2 3 4; do
  { shard "$number" || retried=yes shard "$number"; } &
done

wait "$merging"
wait
