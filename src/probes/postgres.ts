import { redact } from '../redact.ts'
import { attempt } from './attempt.ts'
import { lookAtEach } from './each-address.ts'
import { decoded, hostOf, malformed, parseEndpoint, type Shape } from './endpoint.ts'
import { selectOne } from './postgres-session.ts'
import type { ProbeFactory } from './probe.ts'

/** As in libpq, the host may be the directory of a Unix socket: `?host=/run/postgresql`, or percent-encoded. */
const hostAsInPg = (url: URL): string => {
  const host = url.searchParams.get('host') || decoded(url.hostname) || ''
  return host.startsWith('/') ? host : hostOf(url)
}

/** libpq takes `postgres://USER@/DATABASE?host=…`, the URL class does not. */
const withHost = (text: string): string =>
  /[?&]host=/.test(text) ? text.replace(/^([^/]+:\/\/[^/?#]*@)\//, '$1localhost/') : text

const shape: Shape = {
  form: 'postgres://USER@HOST:PORT/DATABASE, with special characters percent-encoded',
  port: { default: 5432 },
  allows: ['credentials', 'path', 'query'],
  host: hostAsInPg,
}

/**
 * `postgres://…` and `postgresql://…`: up when a session can be opened and `SELECT 1` is answered, so user, password
 * and database must be right. What the URL leaves out (user, password, port, sslmode) is taken from `PGUSER`,
 * `PGPASSWORD` and so on, or from `~/.pgpass`; the words of `sslmode` mean what they mean to `psql`.
 */
const postgres: ProbeFactory = (text, { resolve }) => {
  const { url, host } = parseEndpoint(withHost(text), shape)
  if (url.pathname.includes('@')) throw malformed(text, 'has an @ in its database', shape.form)
  const select = (address: string, signal: AbortSignal) => selectOne(url, address, signal)
  const look = (signal: AbortSignal) =>
    host.startsWith('/') ? select(host, signal) : lookAtEach(host, signal, select, resolve)
  return { name: redact(text), look: (signal) => attempt(signal, () => look(signal)) }
}

export default postgres
