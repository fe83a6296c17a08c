import { isIP, isIPv4 } from 'node:net'
import type { Backend } from '../backends/backend.ts'
import { UsageError } from '../base/errors.ts'
import type { Grant } from './access/tokens.ts'
import type { Log } from './log/logger.ts'

export interface ServerOptions {
  readonly listen: { readonly host: string; readonly port: number }
  /** The store. The caller closes it after the server. */
  readonly backend: Backend
  /** The namespace of the keys that `curl` requests name. */
  readonly namespace: string
  /** The only namespaces that `http://` clients may use. Default: any. */
  readonly namespaces?: readonly string[]
  /** Milliseconds that a request waits by default. Default: 30 000. 0 means no limit. */
  readonly timeout?: number
  /** A token with all scopes, which clients present as `Authorization: Bearer`. */
  readonly token?: string
  /** Further tokens, each with its scopes. */
  readonly tokens?: readonly Grant[]
  /** Whether the server may serve other addresses than loopback without a token. */
  readonly insecure?: boolean
  /** The server that `/_postgres/DB` checks: a `postgres://` URL with `{{.}}` in place of the database. */
  readonly postgresUrl?: string
  readonly tls?: TlsOptions
  /** Names by which clients may call the server, besides those that no foreign page can have. */
  readonly allowHosts?: readonly string[]
  /** The only targets that the server probes for clients: `HOST:PORT`, `*.svc:5432`, `10.0.0.0/8`. Default: any. */
  readonly allowProbes?: readonly string[]
  /** The most requests that may wait at once. Default: 100 000. */
  readonly maxWaiters?: number
  /** The most waiting requests of one client address. Default: no limit on loopback, otherwise 10 000. */
  readonly maxWaitersPerClient?: number
  /** The most connections that may be open at once. Further connections are closed. Default: 120 000. */
  readonly maxConnections?: number
  /**
   * Milliseconds within which a client must send its headers, and within which it must read a part of what is sent to
   * it. Default: 20 000.
   */
  readonly clientTimeout?: number
  /** The log of the server. With `accessLog`, it also has a line for each request. */
  readonly log?: Log
  readonly accessLog?: boolean
  /** Called with every failure that is a bug. */
  readonly report?: (error: unknown) => void
}

/** A certificate and its key in PEM form. With `ca`, clients must present a certificate that `ca` has signed. */
export interface TlsOptions {
  readonly cert: string
  readonly key: string
  readonly ca?: string
}

/** @throws UsageError if any client that reaches the address could use the server. */
export const checkExposure = ({ listen, token, tokens, insecure }: ServerOptions): void => {
  if (token === '') throw new UsageError('the token is empty: give one that clients can send')
  if (token !== undefined || tokens?.length || insecure || isLoopback(listen.host)) return
  throw new UsageError(
    `${listen.host} is not a loopback address: give tokens (--token-file), or serve without authorization (--insecure)`,
  )
}

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))

/** Returns the URL of the server at this host and port. */
export const urlOf = ({ tls }: ServerOptions, host: string, port: number): string =>
  `${tls ? 'https' : 'http'}://${isIP(host) === 6 ? `[${host}]` : host}:${port}`
