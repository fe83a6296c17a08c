#!/bin/sh
# Of two nodes that have nothing but curl one leads; when it dies, even by kill -9, the other one does at once.
#
# Prints:
#   node1 leads
#   node2 leads
#   nobody leads: exit code 22
set -eu
port=${PORT:-18091}
server=http://127.0.0.1:$port
folder=$(mktemp -d)

rdv serve --listen "127.0.0.1:$port" --quiet >/dev/null &
process=$!
trap 'kill $process; rm -r "$folder"' EXIT
rdv wait "$server/_health" --quiet

campaign() { # curl writes a line when it leads, and leads as long as it runs
  mkfifo "$folder/$1"
  curl -fsSN -X POST "$server/_election/shop?id=$1&timeout=0" >"$folder/$1" &
}
leader() { curl -fsS "$server/_election/shop" | sed 's/.*"leader":"\([^"]*\)".*/\1/'; }

campaign node1
node1=$!
exec 3<"$folder/node1"
read -r line <&3
echo "$(leader) leads"

campaign node2
node2=$!
exec 4<"$folder/node2"
kill -9 "$node1"
read -r line <&4
echo "$(leader) leads"

kill "$node2"
code=0
while [ $code = 0 ]; do
  curl -fsS -o "$folder/leader" "$server/_election/shop" 2>/dev/null || code=$?
done
echo "nobody leads: exit code $code"
