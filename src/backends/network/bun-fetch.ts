import { codeOf, describeFailure } from '../../base/reason.ts'
import type { Endpoint, HttpRequest, HttpResponse } from './http-message.ts'

/**
 * Whether a call may be made by `fetch`: only where that is bun's. There it is part of the program, while to load node:http
 * and to make a first request takes longer than all else that a short command does. It knows of proxies from the environment,
 * which are none of ours, and how certificates are checked is left to node:https.
 */
export const canFetch = ({ tls }: Endpoint): boolean =>
  process.versions.bun !== undefined && !tls && !hasProxy(process.env)

const hasProxy = ({ http_proxy, HTTP_PROXY }: NodeJS.ProcessEnv): boolean =>
  Boolean(http_proxy || HTTP_PROXY)

/**
 * One request and its whole answer, on a connection of its own: one that was left open may be closed just when it is used
 * again, and then nobody knows what became of the request.
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

/** All other errors have the codes that node:http's have, and texts that are of no use to who runs a command. */
const asOfNode = (error: unknown): unknown => {
  const code = codeOf(error)
  if (code === undefined) return error
  return code === 'Malformed_HTTP_Response'
    ? Object.assign(new Error('the answer is not HTTP/1.1'), { code: 'HPE_INVALID_CONSTANT' })
    : Object.assign(new Error(describeFailure(error), { cause: error }), { code })
}
