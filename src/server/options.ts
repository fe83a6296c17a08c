import { isIP, isIPv4 } from 'node:net'
import type { Backend } from '../backends/backend.ts'
import { UsageError } from '../base/errors.ts'
import type { Grant } from './access/tokens.ts'
import type { Log } from './log/logger.ts'

export interface ServerOptions {
  readonly listen: { readonly host: string; readonly port: number }
  /** The store; the caller closes it, after the server. */
  readonly backend: Backend
  /** Of the keys that `curl` names. */
  readonly namespace: string
  /** The only ones that `http://` clients may use. Default: any. */
  readonly namespaces?: readonly string[]
  /** Milliseconds that a request waits unless it says otherwise. Default 30 000; 0 is no limit. */
  readonly timeout?: number
  /** What clients must present as `Authorization: Bearer`. */
  readonly token?: string
  /** Likewise, each good for some things only. */
  readonly tokens?: readonly Grant[]
  /** Serve on other addresses than loopback without a token. */
  readonly insecure?: boolean
  /** Where `/_postgres/DB` looks: a `postgres://` URL with `{{.}}` for the database. */
  readonly postgresUrl?: string
  readonly tls?: TlsOptions
  /** Names by which the server is called, besides those that nobody else can have. */
  readonly allowHosts?: readonly string[]
  /** The only things that are probed for clients: `HOST:PORT`, `*.svc:5432`, `10.0.0.0/8`. Default: any. */
  readonly allowProbes?: readonly string[]
  /** So many requests may wait at once. Default 100 000. */
  readonly maxWaiters?: number
  /** So many of one client address. Default: all on loopback, else 10 000. */
  readonly maxWaitersPerClient?: number
  /** So many connections may be open at once; further ones are closed. Default 120 000. */
  readonly maxConnections?: number
  /** Milliseconds in which a client must send its headers, and read something of what it is sent. Default 20 000. */
  readonly clientTimeout?: number
  /** Where it is told what happens to the server; with `accessLog` also each request. */
  readonly log?: Log
  readonly accessLog?: boolean
  /** Told of every failure that is a bug. */
  readonly report?: (error: unknown) => void
}

/** In PEM form. With `ca`, clients must show a certificate that it signed. */
export interface TlsOptions {
  readonly cert: string
  readonly key: string
  readonly ca?: string
}

/** @throws UsageError everybody who reaches the address could use the server. */
export const checkExposure = ({ listen, token, tokens, insecure }: ServerOptions): void => {
  if (token === '') throw new UsageError('the token is empty: give one that clients can send')
  if (token !== undefined || tokens?.length || insecure || isLoopback(listen.host)) return
  throw new UsageError(
    `${listen.host} is not a loopback address: give tokens (--token-file), or serve without authorization (--insecure)`,
  )
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))

/** The address as part of a URL. */
export const urlOf = ({ tls }: ServerOptions, host: string, port: number): string =>
  `${tls ? 'https' : 'http'}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
