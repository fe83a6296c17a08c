import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { connectionOf, readConnections } from '../../src/server/http/connection-table.ts'
import { Place } from '../commands/rdv.ts'
import { temporaryFolder } from '../services/watchdog.ts'

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url))

const isMissing = async (socket: Socket): Promise<boolean> => {
  return (await readConnections()).get(connectionOf(socket) ?? '')?.confirmed === false
}

test.each(['127.0.0.1', '::1', '::ffff:127.0.0.1'])(
  'what the other end has not taken is known, at %s',
  async (host) => {
    const server = createServer({ pauseOnConnect: true }).listen(0, host)
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const client = connect(port, host)
    const [taking] = (await once(server, 'connection')) as [Socket]
    client.write('little')
    while (await isMissing(client));
    client.write(Buffer.alloc(32 * 1024 * 1024))
    while (!(await isMissing(client)));
    expect(await isMissing(taking)).toBe(false)
    taking.resume()
    while (await isMissing(client));
    client.destroy()
    expect(connectionOf(client)).toBe(undefined)
    taking.destroy()
    server.close()
  },
)

/** The ways in which this user can create a network. In it, the client's address can be taken away. */
const NETWORKS = [
  { name: 'as a user', unshare: '-rn' },
  { name: 'as root', unshare: '-n' },
].filter(
  ({ unshare }) => spawnSync('unshare', [unshare, 'ip', 'link', 'set', 'lo', 'up']).status === 0,
)

describe.each(NETWORKS.slice(0, 1))('in a network of its own, $name', ({ unshare }) => {
  test('a client that vanishes without a word gives up what it held', async () => {
    const script = `cd "$1" && exec unshare ${unshare} sh "$2" "$3"`
    const words = [temporaryFolder('vanish'), path('vanish.sh'), path('fixtures/serve.ts')]
    const { stdout, code } = await new Place().sh(script, ...words)
    expect({ stdout, code }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^vanished\n\{"ok":true,"key":"\S+","token":"\d+"\}\n$/),
    })
  })
})
