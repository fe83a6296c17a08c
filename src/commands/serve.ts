import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import * as Flags from '@oclif/core/flags'
import { aborted } from '../aborted.ts'
import type { Traits } from '../backends/backend.ts'
import { openBackend } from '../backends/open.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { printResult } from '../cli/output.ts'
import { parseDuration } from '../duration.ts'
import { UnavailableError, UsageError } from '../errors.ts'
import { withDeadline } from '../recipes/deadline.ts'
import { checkNamespace } from '../recipes/keys.ts'
import { whenAvailable } from '../recipes/retry.ts'
import type { Grant } from '../server/access/tokens.ts'
import { createLog, LOG_FORMATS } from '../server/log.ts'
import type { TlsOptions } from '../server/server.ts'
import { optional, parseCount, parseLength } from '../values.ts'

const WORLD_READABLE = 0o004

export default class Serve extends RdvCommand {
  static override summary = 'Runs the rendezvous server, on which plain curl waits and signals.'
  static override description =
    `Without --backend or --data-dir everything is in memory and gone when the server ends.
On another address than loopback it needs --token-file, or --insecure to let everybody in.`
  static override examples = [
    '<%= config.bin %> serve',
    '<%= config.bin %> serve --listen 0.0.0.0:8080 --token-file /run/secrets/rdv --data-dir /var/lib/rendezvous',
    '<%= config.bin %> serve --backend etcd://etcd:2379 --listen [::]:8080 --insecure',
  ]
  static override flags = {
    timeout: Flags.string({
      summary: 'A request waits this long unless it says otherwise. Default: 30s.',
      helpGroup: 'GLOBAL',
      helpValue: 'DURATION',
    }),
    listen: Flags.string({
      summary: 'Address and port.',
      env: 'RDV_LISTEN',
      default: '127.0.0.1:8080',
      helpValue: 'HOST:PORT',
    }),
    'data-dir': Flags.string({
      summary: 'Keeps everything in a file in this directory.',
      helpValue: 'DIR',
    }),
    'token-file': Flags.string({
      summary:
        'Clients must present a token of this file: one a line, before it the scopes that it has (read,signal,probe,admin), without them all.',
      env: 'RDV_TOKEN_FILE',
      helpValue: 'FILE',
    }),
    insecure: Flags.boolean({ summary: 'Serves other addresses than loopback without a token.' }),
    'allow-namespace': Flags.string({
      summary:
        'A namespace that http:// clients may use besides --namespace; on a store of its own the server lets them use any.',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME',
    }),
    'allow-host': Flags.string({
      summary: 'A name by which the server may be called, or *.NAME.',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'NAME',
    }),
    'allow-probe': Flags.string({
      summary: 'Only this may be probed: HOST:PORT, *.NAME:PORT or 10.0.0.0/8:PORT. Default: any.',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATTERN',
    }),
    'postgres-url': Flags.string({
      summary: 'Where /_postgres/DB looks; {{.}} stands for the database.',
      env: 'RDV_POSTGRES_URL',
      helpValue: 'TEMPLATE',
    }),
    'tls-cert': Flags.string({
      summary: 'Serves https with this certificate (PEM).',
      dependsOn: ['tls-key'],
      helpValue: 'FILE',
    }),
    'tls-key': Flags.string({
      summary: 'Its key (PEM).',
      dependsOn: ['tls-cert'],
      helpValue: 'FILE',
    }),
    'tls-ca': Flags.string({
      summary: 'Clients need a certificate of this authority (PEM).',
      dependsOn: ['tls-cert'],
      helpValue: 'FILE',
    }),
    'log-format': Flags.option({
      summary: 'How what happens is told on stderr.',
      env: 'RDV_LOG_FORMAT',
      options: LOG_FORMATS,
      default: 'text',
    })(),
    'access-log': Flags.boolean({ summary: 'Tells each request on stderr, too.' }),
    'max-waiters': Flags.string({ summary: 'So many requests may wait at once.', helpValue: 'N' }),
    'max-waiters-per-client': Flags.string({
      summary: 'So many of one client address. Default: 10000, on loopback all.',
      helpValue: 'N',
    }),
    'max-connections': Flags.string({
      summary: 'So many connections may be open at once.',
      helpValue: 'N',
    }),
    'client-timeout': Flags.string({
      summary:
        'A client must send its headers, and read what it is sent, within this. Default: 20s.',
      helpValue: 'DURATION',
    }),
  }

  async run(): Promise<void> {
    const { flags } = await this.begin(Serve)
    const { signal } = this.interrupts
    const url = backendUrl(flags['data-dir'], flags.backend, process.env)
    const listen = parseAddress(flags.listen)
    const tls = await readTls(flags['tls-cert'], flags['tls-key'], flags['tls-ca'])
    const log = createLog({
      format: flags['log-format'],
      quiet: flags.quiet,
      write: (line) => process.stderr.write(line),
    })
    const tokens = await readTokens(flags['token-file'], process.env, log.warn)
    const { startServer } = await import('../server/server.ts')
    // its clients may live on other machines, and outlive this one
    const open = () => openBackend(url, { env: process.env, synced: true })
    const backend = await withDeadline({ timeout: 10_000, signal }, (deadline) =>
      whenAvailable(deadline, open),
    )
    try {
      const server = await startServer({
        listen,
        tokens,
        tls,
        backend,
        namespace: flags.namespace,
        namespaces: namespacesOf(flags['allow-namespace'], flags.namespace, backend.traits),
        timeout: optional(flags.timeout, (text) => parseDuration(text, '--timeout')),
        insecure: flags.insecure,
        postgresUrl: flags['postgres-url'],
        maxWaiters: optional(flags['max-waiters'], (text) => parseCount(text, '--max-waiters', 1)),
        maxWaitersPerClient: optional(flags['max-waiters-per-client'], (text) =>
          parseCount(text, '--max-waiters-per-client', 1),
        ),
        maxConnections: optional(flags['max-connections'], (text) =>
          parseCount(text, '--max-connections', 1),
        ),
        clientTimeout: optional(flags['client-timeout'], parseLength('--client-timeout')),
        allowHosts: flags['allow-host'],
        allowProbes: flags['allow-probe'],
        log,
        accessLog: flags['access-log'],
        report: (error) => log.error('internal error, please report it', { error }),
      })
      if (backend.traits.reach === 'process') {
        log.warn('everything is in memory and gone when the server ends; --data-dir keeps it')
      }
      log.info('listening', { url: server.url, backend: backend.address })
      await printResult(`listening on ${server.url}`, {
        ok: true,
        url: server.url,
        backend: backend.address,
      })
      await aborted(signal).catch(() => {})
      log.info('stopping', { waiters: server.waiters })
      await server.drain()
      log.info('stopped')
    } finally {
      await backend.close()
    }
  }
}

/** A server in front of a server makes no sense, so an http:// in the environment is for its clients. */
const backendUrl = (
  directory: string | undefined,
  backend: string | undefined,
  env: NodeJS.ProcessEnv,
): string => {
  if (directory !== undefined) {
    if (directory === '') throw new UsageError('--data-dir is empty: name a directory')
    if (backend !== undefined && backend !== env.RDV_BACKEND)
      throw new UsageError('--data-dir and --backend are two stores: leave one of them out')
    return `sqlite://${encodeURI(resolve(directory))}/rendezvous.db`
  }
  const remote = /^https?:/.test(backend ?? '')
  if (!remote) return backend ?? 'memory:'
  if (backend === env.RDV_BACKEND) return 'memory:'
  throw new UsageError(
    'a server cannot stand in front of another one: give it the store itself as --backend',
  )
}

/** Other programs' keys in a shared store are not for our clients. */
const namespacesOf = (
  allowed: readonly string[] | undefined,
  own: string,
  { reach }: Traits,
): string[] | undefined =>
  allowed === undefined && reach !== 'network'
    ? undefined
    : [own, ...(allowed ?? []).map(checkNamespace)]

const parseAddress = (text: string): { host: string; port: number } => {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-f:.%]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535) {
    throw new UsageError(
      `--listen ${JSON.stringify(text)} is not HOST:PORT: write 127.0.0.1:8080 or [::]:8080`,
    )
  }
  return { host, port: Number(port) }
}

const readTokens = async (
  file: string | undefined,
  env: NodeJS.ProcessEnv,
  warn: (sentence: string) => void,
): Promise<readonly Grant[] | undefined> => {
  const [{ parseTokenFile }, { everything }] = await Promise.all([
    import('../server/access/token-file.ts'),
    import('../server/access/tokens.ts'),
  ])
  if (file === undefined) return env.RDV_TOKEN ? [everything(env.RDV_TOKEN)] : undefined
  const text = await readSetting(file, '--token-file')
  const { mode } = await stat(file)
  if (mode & WORLD_READABLE) warn(`everybody on this machine can read ${file}: chmod 600 it`)
  return parseTokenFile(text, `--token-file ${file}`)
}

const readTls = async (
  cert: string | undefined,
  key: string | undefined,
  ca: string | undefined,
): Promise<TlsOptions | undefined> =>
  cert === undefined || key === undefined
    ? undefined
    : {
        cert: await readSetting(cert, '--tls-cert'),
        key: await readSetting(key, '--tls-key'),
        ...(ca !== undefined && { ca: await readSetting(ca, '--tls-ca') }),
      }

const readSetting = async (path: string, flag: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new UnavailableError(`${flag} ${path} cannot be read (${code})`, {
      cause,
      retryable: false,
    })
  }
}
