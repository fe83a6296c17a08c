import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Target } from './proxy.ts'

/** One address in front of several equivalent servers. */
export interface Balancer {
  readonly host: string
  readonly port: number
  url(scheme: string): string
  stop(): Promise<void>
}

/**
 * Connects each client to the next server in turn that accepts. If the server cuts the connection, the client's is cut,
 * too.
 */
export const startBalancer = async (servers: readonly Target[]): Promise<Balancer> => {
  const clients = new Set<Socket>()
  let turn = 0
  const balancer = createServer({ noDelay: true }, async (client) => {
    clients.add(client)
    client.once('close', () => clients.delete(client))
    client.on('error', () => {})
    turn += 1
    const server = await firstThatAccepts(servers, turn)
    if (server) join(client, server)
    else client.resetAndDestroy()
  })
  balancer.listen(0, '127.0.0.1')
  await once(balancer, 'listening')
  const { port } = balancer.address() as AddressInfo
  return {
    host: '127.0.0.1',
    port,
    url: (scheme) => `${scheme}://127.0.0.1:${port}`,
    async stop() {
      const closed = once(balancer, 'close')
      balancer.close()
      for (const client of clients) client.destroy()
      await closed
    },
  }
}

const firstThatAccepts = async (
  servers: readonly Target[],
  turn: number,
): Promise<Socket | undefined> => {
  for (let tried = 0; tried < servers.length; tried++) {
    const { host, port } = servers[(turn + tried) % servers.length] as Target
    const socket = connect({ host, port, noDelay: true })
    try {
      await once(socket, 'connect')
      return socket
    } catch {
      // this server is down, so the next one is tried
    }
  }
  return undefined
}

const join = (client: Socket, server: Socket): void => {
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    one.on('error', () => other.resetAndDestroy())
    one.once('close', () => other.destroy())
    one.pipe(other)
  }
}
