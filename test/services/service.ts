import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { freePorts } from './ports.ts'
import { EndedEarlyError, type Launch, type ServerProcess, startProcess } from './server-process.ts'
import { temporaryFolder } from './watchdog.ts'

/** A real server, running for a test. */
export interface Service {
  /** In the form that `--backend` or `--probe` takes, where there is one. */
  readonly url: string
  readonly host: string
  readonly port: number
  /** Of the running server; another one after `restart`. */
  readonly pid: number
  /** Variables with which clients present themselves: user, token, certificates. */
  readonly environment: Readonly<Record<string, string>>
  /** Stops it in the middle of whatever it does (SIGSTOP); its port still accepts connections. */
  freeze(): void
  /** Lets a frozen server go on (SIGCONT). */
  thaw(): void
  /** Kills it (SIGKILL) and waits until it has ended. */
  kill(): Promise<void>
  /** Kills it if it runs, and starts it on the same port; `empty` gives it a new, empty store. */
  restart(options?: { empty?: boolean }): Promise<void>
  /** Ends it and removes its folder. */
  stop(): Promise<void>
}

/** What the parts of a service's life are given. */
export interface Place {
  /** The service's own temporary folder. */
  readonly folder: string
  /** Where its store is; a new one is made when the service is emptied. */
  readonly data: string
  /** The first is the one that clients use. */
  readonly ports: readonly number[]
}

/** One kind of server. */
export interface ServiceKind {
  readonly name: string
  readonly ports: number
  /** The signal by which it ends and cleans up, where that is not SIGKILL. */
  readonly stopSignal?: NodeJS.Signals
  readonly environment?: Readonly<Record<string, string>>
  url(place: Place): string
  /** Makes an empty store. */
  prepare?(place: Place): void
  launch(place: Place): Launch
  /** Whether it answers; false while it does not. */
  ready(place: Place): Promise<boolean>
  /** Sets up an empty store, once it answers. */
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

/** Tries again while the server ends early, each time as `action` says. */
const insist = async <T>(name: string, action: () => Promise<T>): Promise<T> => {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action()
    } catch (error) {
      if (!(error instanceof EndedEarlyError) || attempt === attempts) {
        throw new Error(`${name} does not start`, { cause: error })
      }
      // on the same port the reason can be a connection or a child process that is still ending
      await delay(50 * attempt)
    }
  }
}

/** The kernel stops a program's threads one after the other; each of them may answer until it is. */
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
