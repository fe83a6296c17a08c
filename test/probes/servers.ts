import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import {
  type AddressInfo,
  connect,
  createServer,
  type ListenOptions,
  type Server,
  type Socket,
} from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openProbe } from '../../src/probes/open.ts'
import { checkOnce } from '../../src/probes/poll.ts'
import type { ProbeOptions, ProbeResult } from '../../src/probes/probe.ts'
import { onTestFinished } from '../finished.ts'

/** A signal that never aborts. */
export const forever = (): AbortSignal => new AbortController().signal

/** Checks the URL once. */
export const look = (url: string, options: ProbeOptions = {}, limit = 5000): Promise<ProbeResult> =>
  checkOnce(openProbe(url, options), forever(), limit)

const portOf = (server: Server): number => (server.address() as AddressInfo).port

/** Starts a TCP server on a free port of one address. It is closed with its connections when the test ends. */
export const listen = async (
  host = '127.0.0.1',
  serve: (socket: Socket) => void = () => {},
  port = 0,
): Promise<number> => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}))
    serve(socket)
  })
  await once(server.listen({ port, host }), 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  return portOf(server)
}

/** Starts an HTTP server on a free port. It is closed with its connections when the test ends. */
export const listenHttp = async (serve: RequestListener, host = '127.0.0.1'): Promise<number> => {
  const server = createHttpServer(serve)
  await once(server.listen({ port: 0, host }), 'listening')
  onTestFinished(() => {
    server.close()
    server.closeAllConnections()
  })
  return portOf(server)
}

/** A port on which no process listens. */
export const closedPort = async (): Promise<number> => {
  const server = createServer()
  await once(server.listen({ port: 0, host: '127.0.0.1' }), 'listening')
  const port = portOf(server)
  await once(server.close(), 'close')
  return port
}

/** Settles when the socket is closed, also by a reset. */
export const closed = (socket: Socket): Promise<void> => {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (socket.destroyed) resolve()
  socket.once('close', () => resolve()).resume()
  return promise
}

const neverAccepts = `
  const server = require('node:net').createServer()
  server.listen({ ...JSON.parse(process.argv[1]), backlog: 1 }, () => {
    const place = server.address()
    process.stdout.write(String(place.port ?? place), () => process.kill(process.pid, 'SIGSTOP'))
  })`

/** Starts a process that listens, is stopped, and never accepts. Returns its port or path. */
const neverAccepting = async (place: ListenOptions): Promise<string> => {
  const child = spawn(process.execPath, ['-e', neverAccepts, JSON.stringify(place)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const [text] = await once(child.stdout, 'data')
  return String(text)
}

/** The path of a Unix socket that accepts no further connection: its backlog is full, and its process never accepts. */
export const fullUnixSocket = async (): Promise<string> => {
  const path = await neverAccepting({ path: join(await folder(), 'socket') })
  for (let full = false; !full; ) {
    const filler = connect({ path })
    onTestFinished(() => void filler.destroy())
    full = await new Promise((resolve) =>
      filler.once('connect', () => resolve(false)).once('error', () => resolve(true)),
    )
  }
  return path
}

/** A port to which a connection neither succeeds nor fails: its backlog is full, and its process never accepts. */
export const unansweringPort = async (): Promise<number> => {
  const port = Number(await neverAccepting({ port: 0, host: '127.0.0.1' }))
  const fillers = Array.from({ length: 16 }, () =>
    connect({ port, host: '127.0.0.1' }).on('error', () => {}),
  )
  onTestFinished(() => {
    for (const filler of fillers) filler.destroy()
  })
  await Promise.race(fillers.map((filler) => once(filler, 'connect')))
  return port
}

/** A folder that is removed at the end of the test. */
export const folder = async (): Promise<string> => {
  const path = await mkdtemp(join(tmpdir(), 'rdv-probes-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}
