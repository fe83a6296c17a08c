import { codeOf, describeFailure } from '../../base/reason.ts'
import type { Endpoint, HttpRequest, HttpResponse } from './http-message.ts'

/**
 * Whether a call may use `fetch`. Only bun's `fetch` is used: it is part of the program, while loading node:http and
 * making a first request take longer than everything else that a short command does. But `fetch` heeds proxies from the
 * environment, which rdv does not use. TLS is left to node:https, which checks the certificates.
 */
export const canFetch = ({ tls }: Endpoint): boolean =>
  process.versions.bun !== undefined && !tls && !hasProxy(process.env)

const hasProxy = ({ http_proxy, HTTP_PROXY }: NodeJS.ProcessEnv): boolean =>
  Boolean(http_proxy || HTTP_PROXY)

/**
 * Sends one request on its own connection, and reads the whole answer. A connection that was left open may be closed at
 * the moment of its next use, and then the outcome of the request would be unknown.
 */
export const fetchResponse = async (
  { origin }: URL,
  { method, path, headers, body, onSent }: HttpRequest,
  signal: AbortSignal,
): Promise<HttpResponse> => {
  onSent?.()
  try {
    const response = await fetch(origin + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body ?? null,
      signal,
      redirect: 'manual',
      keepalive: false,
    })
    const { status } = response
    return { status, headers: Object.fromEntries(response.headers), body: await response.text() }
  } catch (error) {
    throw asOfNode(error)
  }
}

/**
 * Converts an error of bun's `fetch` to one like node:http's. All codes but one are the same. bun's texts do not help
 * users of a command.
 */
const asOfNode = (error: unknown): unknown => {
  const code = codeOf(error)
  if (code === undefined) return error
  return code === 'Malformed_HTTP_Response'
    ? Object.assign(new Error('the answer is not HTTP/1.1'), { code: 'HPE_INVALID_CONSTANT' })
    : Object.assign(new Error(describeFailure(error), { cause: error }), { code })
}
