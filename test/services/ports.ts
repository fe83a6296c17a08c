import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'

const listen = async (): Promise<Server> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

const close = async (server: Server): Promise<void> => {
  const closed = once(server, 'close')
  server.close()
  await closed
}

/** Different loopback ports that were free a moment ago. Another process may take one of them: retry with others. */
export const freePorts = async (count: number): Promise<number[]> => {
  const servers = await Promise.all(Array.from({ length: count }, listen))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map(close))
  return ports
}
