import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findProgram } from '../services/fetch.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { type Ended, Place } from './rdv.ts'

/**
 * A network with a name server of its own, in which `$1` runs. Its lookups take a minute if the server does not answer.
 */
const NETWORK = `
ip link set lo up &&
echo 'nameserver 127.0.0.1
options timeout:30 attempts:2' >resolv.conf &&
mount --bind resolv.conf /etc/resolv.conf &&
mkfifo up || exit 99
node "$2" >up &
server=$!
read line <up
sh -c "$1"
code=$?
kill $server
exit $code`

const SETUP = 'ip link set lo up && mount -t tmpfs none /mnt'

const NETWORKS = [
  { name: 'as a user', unshare: '-rmn' },
  { name: 'as root', unshare: '-mn' },
].filter(({ unshare }) => spawnSync('unshare', [unshare, 'sh', '-c', SETUP]).status === 0)

describe.each(NETWORKS.slice(0, 1))('with a name server of its own, $name', ({ unshare }) => {
  const inNetwork = (script: string): Promise<Ended> => {
    const server = join(import.meta.dirname, 'fixtures/name-server.ts')
    const enter = `cd "$1" && exec unshare ${unshare} sh -c "$2" sh "$3" "$4"`
    const place = new Place({ CURL: findProgram('curl').path })
    return place.sh(enter, temporaryFolder('names'), NETWORK, script, server)
  }

  const slow = Array.from({ length: 6 }, (_, at) => `slow${at}.test`)

  test('names that resolve slowly keep no other name from being looked up', async () => {
    const targets = [...slow.map((name) => `tcp://${name}:80`), 'dns://quick.test']
    const { code } = await inNetwork(`rdv wait --any ${targets.join(' ')} --timeout 25s`)
    expect(code).toBe(0)
  })

  test('nor any from being looked at by a server', async () => {
    const { code, stdout } = await inNetwork(`
      rdv serve --listen 127.0.0.1:8080 >serve.log 2>&1 &
      server=$!
      rdv wait http://127.0.0.1:8080/_health
      for name in ${slow.join(' ')}; do
        "$CURL" -s "http://127.0.0.1:8080/_port/$name/80" >/dev/null &
        until "$CURL" -s http://127.0.0.1:8080/ | grep -q "$name"; do :; done
      done
      "$CURL" -fsS --max-time 25 http://127.0.0.1:8080/_port/quick.test/8080
      code=$?
      kill $server
      exit $code`)
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"ok":true}' })
  })

  test.for(['dns://gone.test', 'tcp://gone.test:80', 'http://gone.test/'])(
    '%s is gone: no such name is an answer',
    async (url) => {
      const { code } = await inNetwork(`rdv wait --not --once ${url}`)
      expect(code).toBe(0)
    },
  )

  test.for(['dns://fail.test', 'tcp://fail.test:80', 'redis://fail.test'])(
    '%s is not known to be gone: the name server failed',
    async (url) => {
      const { code, stderr } = await inNetwork(`rdv wait --not --once ${url}`)
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: `rdv: condition not met: ${url} name resolution failed temporarily\n`,
      })
    },
  )

  test.for([
    ['tcp://192.0.2.1:80', 'network unreachable'],
    ['http://198.51.100.1/', 'host unreachable'],
    ['redis://198.51.100.1', 'host unreachable'],
  ] as const)('%s is not known to be gone: %s', async ([url, reason]) => {
    const { code, stderr } = await inNetwork(`
      ip route add unreachable 198.51.100.1
      rdv wait --not --once ${url}`)
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `rdv: condition not met: ${url} ${reason}\n`,
    })
  })
})
