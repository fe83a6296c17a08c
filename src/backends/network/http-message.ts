import type { IncomingHttpHeaders } from 'node:http'
import type { TlsFiles } from './tls-files.ts'

/** Where a server is, and how we present ourselves to its TLS. */
export interface Endpoint {
  readonly url: URL
  /** Only for `https`. */
  readonly tls?: TlsFiles | undefined
}

/** What a server, or something before it, answered. */
export interface HttpResponse {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface HttpRequest {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** JSON. */
  readonly body?: string
  /** Called before the first byte can have left: without it, the server has seen nothing. */
  readonly onSent?: () => void
  /** It does not wait for a connection behind other calls. */
  readonly urgent?: boolean
}
