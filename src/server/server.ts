import type { Server as TlsServer } from 'node:https'
import { setFlagsFromString } from 'node:v8'
import manifest from '../../package.json' with { type: 'json' }
import { UnavailableError } from '../base/errors.ts'
import { startThreads } from '../probes/threads.ts'
import { checkNamespace } from '../recipes/core/keys.ts'
import { Access } from './access/access.ts'
import { ActivityRecord } from './activity/record.ts'
import { createApp } from './app.ts'
import type { ServerContext } from './context.ts'
import { close, createHttpServer, listen } from './http/http-server.ts'
import { OpenRequests } from './http/open-requests.ts'
import { observe } from './metrics/observe.ts'
import { checkExposure, isLoopback, type ServerOptions, type TlsOptions, urlOf } from './options.ts'
import { ProbePolicy } from './probes/policy.ts'
import { KeyPolicy } from './protocol/key-policy.ts'
import { SharedWaits } from './waits/shared-wait.ts'
import { WaitHistory } from './waits/wait-history.ts'

const DEFAULT_TIMEOUT = 30_000

/** The default of web-rendezvous. */
const DEFAULT_POSTGRES = 'postgres://postgres:pgpass@postgres:5432/{{.}}?sslmode=disable'

const DEFAULT_WAITERS = 100_000

/** The most waiters of one client address, unless only programs of this machine can connect. */
const DEFAULT_WAITERS_OF_CLIENT = 10_000

/** Milliseconds that running requests have left when the server is stopped. */
const GRACE = 6_000

/** The number of slowly resolving names, probed by clients at the same time, that do not delay other names. */
const NAMES = 30

/** A running rendezvous server. */
export interface Server {
  /** The URL that clients on this machine use. */
  readonly url: string
  readonly port: number
  /** The number of open waits and streams. */
  readonly waiters: number
  /**
   * Replaces the certificate for new connections, and the tokens for new requests. A part that is not given stays as it
   * is. Open connections and requests continue.
   * @throws an error if the certificate and the key do not match or are malformed; UnavailableError in the standalone
   * executable, which cannot replace its certificate.
   */
  reload(secrets: Pick<ServerOptions, 'tls' | 'tokens'>): void
  /**
   * Stops the server. It accepts no more connections, answers waiting requests with 503 (so that `curl --retry` goes to
   * another server), ends the streams, and lets running requests end. Never rejects, and resolves within seconds. The
   * backend stays open.
   */
  drain(): Promise<void>
}

/**
 * Serves a store over HTTP.
 * @throws UsageError if the address is not loopback, and neither a token nor `insecure` is given.
 * @throws UnavailableError if the server cannot listen on the address.
 */
export const startServer = async (options: ServerOptions): Promise<Server> => {
  checkExposure(options)
  keepYoungHeapSmall()
  startThreads(NAMES)
  const context = contextOf(options)
  const { app, port } = await start(context, options).catch((error) => {
    context.activity.close()
    throw error
  })
  let inUse = options.tls
  let drained: Promise<void> | undefined
  return {
    url: urlOf(options, options.listen.host, port),
    port,
    get waiters() {
      return context.open.size
    },
    reload({ tls, tokens }) {
      if (tls && !isSame(tls, inUse)) {
        replaceCertificate(app.server as TlsServer, tls)
        inUse = tls
      }
      if (tokens) context.access.replaceTokens(tokens)
    },
    drain() {
      drained ??= drain(context, () => close(app.server, GRACE)).then(() => app.close())
      return drained
    },
  }
}

const isSame = (one: TlsOptions, other: TlsOptions | undefined): boolean =>
  one.cert === other?.cert && one.key === other.key && one.ca === other.ca

/** @throws UnavailableError in bun, whose servers keep their first certificate. */
const replaceCertificate = (server: TlsServer, tls: TlsOptions): void => {
  if (typeof server.setSecureContext !== 'function') {
    throw new UnavailableError(
      'the standalone executable cannot replace its certificate while it runs: restart it',
      { retryable: false },
    )
  }
  server.setSecureContext(tls)
}

/**
 * With very many waiters, V8 enlarges the space for young objects. That space then takes 5 KB for each waiter, and V8
 * never gives it back. Without growth, V8 moves these objects to the space for old objects, where only they are kept.
 */
const keepYoungHeapSmall = (): void => setFlagsFromString('--semi-space-growth-factor=1')

const start = async (context: ServerContext, options: ServerOptions) => {
  const { listen: address, log } = options
  const app = await createApp(context, (handler) => createHttpServer(options, handler), {
    accessLog: options.accessLog ? log : undefined,
  })
  return { app, port: await listen(app.server, address.host, address.port) }
}

const drain = async (
  { open, activity }: ServerContext,
  stop: () => Promise<void>,
): Promise<void> => {
  const stopped = stop()
  activity.close()
  open.end(new UnavailableError('the server is shutting down'))
  await stopped
}

const waitersOfClient = ({ listen: { host } }: ServerOptions): number =>
  isLoopback(host) ? Number.POSITIVE_INFINITY : DEFAULT_WAITERS_OF_CLIENT

/** Makes the context that the routes of a server with these options share. */
export const contextOf = (options: ServerOptions): ServerContext => {
  const { backend: store, log } = options
  const namespaceName = checkNamespace(options.namespace)
  const version = manifest.version
  // Parts that may refuse the options come first, because parts that follow the store must be closed.
  const access = new Access(options)
  const probing = new ProbePolicy(options.allowProbes)
  const shared = new SharedWaits()
  const { namespace, metrics, lag } = observe(store, namespaceName, () => activity)
  const activity: ActivityRecord = new ActivityRecord({
    namespace,
    facts: {
      version,
      backend: store.address,
      namespace: namespaceName,
      durable: store.traits.reach !== 'process',
    },
    shared,
    ended: (wait) => metrics.waitEnded(wait),
    seen: (revision) => lag.seen(revision),
    failed: (error) => log?.warn('the store cannot be watched', { error }),
  })
  return {
    store,
    namespace,
    keyPolicy: new KeyPolicy(options.namespaces),
    version,
    timeout: options.timeout ?? DEFAULT_TIMEOUT,
    postgresUrl: options.postgresUrl ?? DEFAULT_POSTGRES,
    open: new OpenRequests({
      total: options.maxWaiters ?? DEFAULT_WAITERS,
      perClient: options.maxWaitersPerClient ?? waitersOfClient(options),
    }),
    activity,
    metrics,
    waits: new WaitHistory(activity.waits),
    shared,
    access,
    probing,
    report: options.report ?? (() => {}),
  }
}
