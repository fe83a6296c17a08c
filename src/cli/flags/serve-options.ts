import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type * as Interfaces from '@oclif/core/interfaces'
import type { Traits } from '../../backends/backend.ts'
import { parseDuration } from '../../base/duration.ts'
import { UnavailableError, UsageError } from '../../base/errors.ts'
import { optional, parseCount, parsePositiveDuration } from '../../base/values.ts'
import { checkNamespace } from '../../recipes/core/keys.ts'
import type { Grant } from '../../server/access/tokens.ts'
import type { Log } from '../../server/log/logger.ts'
import type { ServerOptions, TlsOptions } from '../../server/options.ts'
import type { serveFlags } from './serve-flags.ts'
import type { SettingName } from './settings.ts'

const WORLD_READABLE = 0o004

type ServeFlags = Interfaces.InferredFlags<typeof serveFlags> & { readonly namespace: string }

/** The server's options from the flags of `rdv serve`, except the store and the options that depend on it. */
export const serveOptions = async (
  flags: ServeFlags,
  env: NodeJS.ProcessEnv,
  log: Log,
  settingName: SettingName,
): Promise<Omit<ServerOptions, 'backend'>> => ({
  listen: parseAddress(flags.listen, settingName('listen')),
  ...(await readSecrets(flags, env, log, settingName)),
  insecure: flags.insecure,
  namespace: flags.namespace,
  allowHosts: flags['allow-host'],
  allowProbes: flags['allow-probe'],
  postgresUrl: flags['postgres-url'],
  timeout: optional(flags.timeout, (text) => parseDuration(text, '--timeout')),
  ...limitsOf(flags),
  log,
  accessLog: flags['access-log'],
  report: (error) => log.error('internal error, please report it', { error }),
})

/**
 * Reads the settings that can be reloaded while the server runs: its certificate, and its tokens if they are in a file.
 * @throws UsageError a file has the wrong format.
 * @throws UnavailableError a file cannot be read.
 */
export const readSecrets = async (
  flags: ServeFlags,
  env: NodeJS.ProcessEnv,
  log: Log,
  settingName: SettingName,
): Promise<Pick<ServerOptions, 'tls' | 'tokens'>> => ({
  tls: await readTls(flags),
  tokens: await readTokens(flags['token-file'], env, log.warn, settingName('token-file')),
})

const limitsOf = (flags: ServeFlags) => {
  const count = (name: 'max-waiters' | 'max-waiters-per-client' | 'max-connections') =>
    optional(flags[name], (text) => parseCount(text, `--${name}`, 1))
  return {
    maxWaiters: count('max-waiters'),
    maxWaitersPerClient: count('max-waiters-per-client'),
    maxConnections: count('max-connections'),
    clientTimeout: optional(flags['client-timeout'], parsePositiveDuration('--client-timeout')),
  }
}

/**
 * The URL of the server's store. A server cannot be the store of another server. An http:// URL in RDV_BACKEND is
 * therefore ignored: it is for clients.
 */
export const backendUrl = (
  directory: string | undefined,
  backend: string | undefined,
  env: NodeJS.ProcessEnv,
): string => {
  if (directory !== undefined) {
    if (directory === '') throw new UsageError('--data-dir is empty: write a directory')
    if (backend !== undefined && backend !== env.RDV_BACKEND)
      throw new UsageError('--data-dir and --backend exclude each other: leave out one of them')
    return `sqlite://${encodeURI(resolve(directory)).replaceAll('?', '%3F')}/rendezvous.db`
  }
  const remote = /^https?:/.test(backend ?? '')
  if (!remote) return backend ?? 'memory:'
  if (backend === env.RDV_BACKEND) return 'memory:'
  throw new UsageError(
    'a server cannot use another server as its store: write the URL of the store itself as --backend',
  )
}

/**
 * The namespaces that clients may use; `undefined` means all. In a shared store, clients must not use the keys of other
 * programs.
 */
export const namespacesOf = (
  allowed: readonly string[] | undefined,
  own: string,
  { reach }: Traits,
): string[] | undefined =>
  allowed === undefined && reach !== 'network'
    ? undefined
    : [own, ...(allowed ?? []).map(checkNamespace)]

const parseAddress = (text: string, what: string): { host: string; port: number } => {
  const [, bracketed, plain, port] =
    /^(?:\[([0-9a-f:.%]+)\]|([^:[\]]+)):(\d{1,5})$/i.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535) {
    throw new UsageError(
      `${what} ${JSON.stringify(text)} is not HOST:PORT: write 127.0.0.1:8080 or [::]:8080`,
    )
  }
  return { host, port: Number(port) }
}

const readTokens = async (
  file: string | undefined,
  env: NodeJS.ProcessEnv,
  warn: Log['warn'],
  what: string,
): Promise<readonly Grant[] | undefined> => {
  const [{ parseTokenFile }, { everything }] = await Promise.all([
    import('../../server/access/token-file.ts'),
    import('../../server/access/tokens.ts'),
  ])
  if (file === undefined) return env.RDV_TOKEN ? [everything(env.RDV_TOKEN)] : undefined
  const text = await readSetting(file, what)
  const { mode } = await stat(file)
  if (mode & WORLD_READABLE)
    warn(`all users of this machine can read ${file}: change its mode to 600`)
  return parseTokenFile(text, `${what} ${file}`)
}

const readTls = async ({
  'tls-cert': cert,
  'tls-key': key,
  'tls-ca': ca,
}: ServeFlags): Promise<TlsOptions | undefined> => {
  if (cert === undefined || key === undefined) return undefined
  const tls = {
    cert: await readSetting(cert, '--tls-cert'),
    key: await readSetting(key, '--tls-key'),
    ...(ca !== undefined && { ca: await readSetting(ca, '--tls-ca') }),
  }
  try {
    process.getBuiltinModule('node:tls').createSecureContext(tls)
  } catch (cause) {
    const { describeFailure } = await import('../../base/reason.ts')
    const why = describeFailure(cause)
    // The reason comes first, because the log shortens long text.
    throw new UsageError(`${why}: check --tls-cert ${cert} and --tls-key ${key}`, {
      cause,
    })
  }
  return tls
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
