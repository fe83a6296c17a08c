import type { FastifyInstance, FastifyReply } from 'fastify'
import { UsageError } from '../../errors.ts'
import { openProbe } from '../../probes/open.ts'
import type { Probe } from '../../probes/probe.ts'
import { probeCondition } from '../../recipes/wait/probe-condition.ts'
import { answerWait } from '../answer-wait.ts'
import { OK } from '../answers.ts'
import type { ServerContext } from '../context.ts'
import { type Description, described } from '../described.ts'
import { reachableOf } from '../forbidden-addresses.ts'
import { duration, named, readParameters } from '../parameters.ts'
import { checkProbeHost } from '../probe-host.ts'
import type { ProbePolicy } from '../probe-policy.ts'
import { parseRequestTarget, type RequestTarget } from '../request-target.ts'

type About = Pick<Description, 'summary' | 'path'>

/** Bytes; PostgreSQL cuts longer names off. */
const LONGEST_DATABASE = 63

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
    app.get(url, described({ ...ABOUT, ...about }), async (request, reply) => {
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
  return answerWait(context, {
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
  if (!isName || Buffer.byteLength(database) > LONGEST_DATABASE) {
    throw new UsageError('write /_postgres/DATABASE with the name of a database')
  }
  const url = template.replaceAll('{{.}}', () => encodeURIComponent(database))
  return openProbe(url, { resolve: reachableOf })
}
