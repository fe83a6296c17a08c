import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePorts } from './ports.ts'
import { EndedEarlyError, type Launch, type ServerProcess, startProcess } from './server-process.ts'
import { temporaryFolder } from './watchdog.ts'

/** A real server that runs for a test. */
export interface Service {
  /** The URL for `--backend` or for a probe, if there is such a form. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** The id of the server's process. It changes with `restart`. */
  readonly pid: number
  /** Variables that identify clients: user, token, certificates. */
  readonly environment: Readonly<Record<string, string>>
  /** Stops the server at any point of its work (SIGSTOP). Its port still accepts connections. */
  freeze(): void
  /** Continues a frozen server (SIGCONT). */
  thaw(): void
  /** Kills the server (SIGKILL) and waits until it has ended. */
  kill(): Promise<void>
  /** Kills the server if it runs, and starts it on the same port. `empty` gives it a new, empty store. */
  restart(options?: { empty?: boolean }): Promise<void>
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
}

/** The folders and ports of a service. */
export interface Place {
  /** The service's own temporary folder. */
  readonly folder: string
  /** The folder of its store. A new one is created when the service is emptied. */
  readonly data: string
  /** Clients use the first port. */
  readonly ports: readonly number[]
}

/** One kind of server. */
export interface ServiceKind {
  readonly name: string
  readonly ports: number
  /** The signal that ends the server with its cleanup. Default: SIGKILL. */
  readonly stopSignal?: NodeJS.Signals
  readonly environment?: Readonly<Record<string, string>>
  url(place: Place): string
  /** Creates an empty store. */
  prepare?(place: Place): void
  launch(place: Place): Launch
  /** Whether the server answers. */
  ready(place: Place): Promise<boolean>
  /** Sets up an empty store after the first answer. */
  initialise?(place: Place): Promise<void>
}

/** The first port of a place. */
export const portOf = (place: Place): number => place.ports[0] as number

const attempts = 5

const clearData = (kind: ServiceKind, place: Place): void => {
  rmSync(place.data, { recursive: true, force: true })
  mkdirSync(place.data)
  kind.prepare?.(place)
}

const begin = (kind: ServiceKind, place: Place): Promise<ServerProcess> =>
  startProcess(kind.launch(place), () => kind.ready(place), join(place.folder, 'log'))

const beginEmpty = async (kind: ServiceKind, place: Place): Promise<ServerProcess> => {
  clearData(kind, place)
  const server = await begin(kind, place)
  try {
    await kind.initialise?.(place)
    return server
  } catch (error) {
    await server.end('SIGKILL')
    throw error
  }
}

/** Runs `action` again while the server ends early. */
const insist = async <T>(name: string, action: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof EndedEarlyError) || attempt === attempts) {
        throw new Error(`${name} does not start`, { cause: error })
      }
      // if the port is the same, the reason can be a connection or a child process that is still ending
      await delay(50 * attempt)
    }
  }
}

/**
 * Waits until the server has stopped. The kernel stops the threads of a process one after the other, and each of them
 * may answer until then.
 */
const awaitStop = (pid: number): void => {
  const running = () =>
    readdirSync(`/proc/${pid}/task`).some((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')
      return stat[stat.lastIndexOf(')') + 2] !== 'T'
    })
  while (running());
}

/** Starts a server of this kind on free loopback ports, with an empty store. */
export const startService = async (kind: ServiceKind): Promise<Service> => {
  const folder = temporaryFolder(kind.name)
  const data = join(folder, 'data')
  let place: Place = { folder, data, ports: [] }
  let server = await insist(kind.name, async () => {
    place = { folder, data, ports: await freePorts(kind.ports) }
    return beginEmpty(kind, place)
  })
  return {
    url: kind.url(place),
    host: '127.0.0.1',
    port: portOf(place),
    environment: kind.environment ?? {},
    get pid() {
      return server.pid
    },
    freeze() {
      server.signal('SIGSTOP')
      awaitStop(server.pid)
    },
    thaw: () => server.signal('SIGCONT'),
    kill: () => server.end('SIGKILL'),
    async restart({ empty = false } = {}) {
      await server.end('SIGKILL')
      const start = empty ? beginEmpty : begin
      server = await insist(kind.name, () => start(kind, place))
    },
    async stop() {
      server.signal('SIGCONT')
      await server.end(kind.stopSignal ?? 'SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
