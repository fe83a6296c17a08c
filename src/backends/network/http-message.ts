import type { IncomingHttpHeaders } from 'node:http'
import type { TlsFiles } from './tls-files.ts'

/** The address of a server, and the TLS files of the client. */
export interface Endpoint {
  readonly url: URL
  /** Only for `https`. */
  readonly tls?: TlsFiles | undefined
}

/** The answer of a server, or of a proxy in front of it. */
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
  /** Called before the first byte can have left. If it was not called, the server has seen nothing of the request. */
  readonly onSent?: () => void
  /** The request does not wait for a connection behind other calls. */
  readonly urgent?: boolean
}
