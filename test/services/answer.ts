import { readFileSync } from 'node:fs'
import { get as getPlain } from 'node:http'
import { get as getTls } from 'node:https'
import { text } from 'node:stream/consumers'
import type { TlsFiles } from './certificates.ts'

interface Answer {
  readonly status: number
  readonly body: string
}

const noAnswer: Answer = { status: 0, body: '' }

const tlsOptions = (tls: TlsFiles) => ({
  ca: readFileSync(tls.ca),
  cert: readFileSync(tls.clientCert),
  key: readFileSync(tls.clientKey),
})

/** The answer of a server on this machine to a GET. The status is 0 if there is no answer. */
export const answerOf = (
  port: number,
  path: string,
  { tls, headers = {} }: { tls?: TlsFiles; headers?: Record<string, string> } = {},
): Promise<Answer> => {
  const { promise, resolve } = Promise.withResolvers<Answer>()
  const options = { host: '127.0.0.1', port, path, headers, agent: false, timeout: 1000 }
  const request = tls ? getTls({ ...options, ...tlsOptions(tls) }) : getPlain(options)
  request.once('response', (response) => {
    const status = response.statusCode ?? 0
    text(response).then(
      (body) => resolve({ status, body }),
      () => resolve(noAnswer),
    )
  })
  request.once('timeout', () => request.destroy())
  request.once('error', () => resolve(noAnswer))
  request.once('close', () => resolve(noAnswer))
  return promise
}
