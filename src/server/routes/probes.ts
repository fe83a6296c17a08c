import type { FastifyInstance, FastifyReply } from 'fastify'
import { UsageError } from '../../base/errors.ts'
import { openProbe } from '../../probes/open.ts'
import type { Probe } from '../../probes/probe.ts'
import { probeCondition } from '../../recipes/wait/probe-condition.ts'
import type { ServerContext } from '../context.ts'
import { parseRequestTarget, type RequestTarget } from '../http/request-target.ts'
import { OK } from '../http/responses.ts'
import { reachableOf } from '../probes/forbidden-addresses.ts'
import { checkProbeHost } from '../probes/host.ts'
import type { ProbePolicy } from '../probes/policy.ts'
import { handleWait } from '../waits/handle-wait.ts'
import { openapi, type RouteDescription } from './support/openapi.ts'
import { duration, named, readParameters } from './support/parameters.ts'

type About = Pick<RouteDescription, 'summary' | 'path'>

/** The longest name of a database, in bytes. PostgreSQL cuts longer names off. */
const MAX_DATABASE_LENGTH = 63

const ABOUT = {
  tag: 'probes',
  scope: 'probe',
  parameters: {
    timeout: duration('Time limit for the wait, after which the answer is 404. 0: no limit.'),
    ...named,
  },
} as const

const PORT: About = {
  summary: 'Waits until a port accepts TCP connections.',
  path: { host: 'Host name or address.', port: 'Port number.' },
}

const POSTGRES: About = {
  summary: 'Waits until SELECT 1 succeeds in a database.',
  path: { database: 'Name of a database of the server that rdv serve --postgres-url names.' },
}

/** `GET /_port/HOST/PORT` and `GET /_postgres/DB`. */
export const probeRoutes = (app: FastifyInstance, context: ServerContext): void => {
  const route = (url: string, about: About, probeFor: (rest: string) => Probe) =>
    app.get(url, openapi({ ...ABOUT, ...about }), async (request, reply) => {
      const target = parseRequestTarget(request.url)
      const rest = target.path.slice(url.length - '*'.length - 1)
      return waitForProbe(context, target, probeFor(rest), reply)
    })
  const { postgresUrl, probing } = context
  route('/_port/*', PORT, (rest) => portProbe(probing, rest))
  route('/_postgres/*', POSTGRES, (database) => postgresProbe(postgresUrl, database))
}

const waitForProbe = (
  context: ServerContext,
  { path, query }: RequestTarget,
  probe: Probe,
  reply: FastifyReply,
) => {
  const { timeout, by } = readParameters(query, ABOUT.parameters)
  return handleWait(context, {
    path: `/${path}`,
    about: { target: probe.name, shared: path },
    timeout,
    by,
    reply,
    wait: (limits) => context.shared.join(path, () => probeCondition(probe), limits),
    answer() {
      context.waits.probed(`/${path}`)
      return OK
    },
  })
}

const portProbe = (policy: ProbePolicy, rest: string): Probe => {
  const [host = '', port = '', ...more] = rest.split('/')
  if (!/^[1-9]\d{0,4}$/.test(port) || Number(port) > 65_535 || more.length > 0) {
    throw new UsageError('write /_port/HOST/PORT with a port from 1 to 65535')
  }
  const target = `tcp://${checkProbeHost(host)}:${port}`
  policy.check(host, Number(port))
  return openProbe(target, { resolve: policy.resolver(Number(port)) })
}

const postgresProbe = (template: string, database: string): Probe => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no database is called so
  const isName = /^[^/@\u0000-\u001f\u007f]+$/u.test(database) && !/^\.\.?$/.test(database)
  if (!isName || Buffer.byteLength(database) > MAX_DATABASE_LENGTH) {
    throw new UsageError('write /_postgres/DATABASE with the name of a database')
  }
  const url = template.replaceAll('{{.}}', () => encodeURIComponent(database))
  return openProbe(url, { resolve: reachableOf })
}
