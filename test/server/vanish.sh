# Run as root of a network of its own: a client holds a lock from an address that then is gone, as if its machine had
# lost power. Nobody closes the connection, and nothing confirms what the server sends. Another one waits for the lock.
set -eu
fixture=$1
ip link set lo up
ip addr add 10.77.0.2/32 dev lo

node --disable-warning=ExperimentalWarning "$fixture" '{"port":18077}' >serve.out &
server=$!
client=
trap 'kill $server $client' EXIT
until grep -q 18077 serve.out; do sleep 0.05; done

curl -sfN --interface 10.77.0.2 -X POST http://127.0.0.1:18077/_lock/vanished >held.out &
client=$!
until grep -q token held.out; do sleep 0.05; done
ip addr del 10.77.0.2/32 dev lo
echo vanished

curl -sfN -X POST 'http://127.0.0.1:18077/_lock/vanished?timeout=40s' >next.out &
client="$client $!"
until grep token next.out; do sleep 0.05; done
