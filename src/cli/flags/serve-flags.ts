import * as Flags from '@oclif/core/flags'
import { LOG_FORMATS } from '../../server/log/logger.ts'
import { backendFlag, timeoutFlag } from './global-flags.ts'

const repeated = { multiple: true, multipleNonGreedy: true } as const

/** Where the server listens, and where it stores its data. */
const place = {
  ...backendFlag(
    'memory:, until the server ends',
    'memory:, sqlite:, etcd://HOST:PORT or consul://HOST:PORT',
  ),
  ...timeoutFlag('each request that has no timeout of its own', '30s'),
  listen: Flags.string({
    summary: 'Address and port to listen on.',
    env: 'RDV_LISTEN',
    default: '127.0.0.1:8080',
    helpValue: 'HOST:PORT',
  }),
  'data-dir': Flags.string({
    summary: 'Directory for the data, which is stored in a file. Default: the data is in memory.',
    helpValue: 'DIR',
  }),
}

/** Which clients may use the server, by which names, and for what. */
const access = {
  'token-file': Flags.string({
    summary:
      'File with the tokens that authorize clients. Each line is TOKEN, which has all scopes, or SCOPES TOKEN, such as read,signal TOKEN. The scopes are read, signal, probe and admin.',
    env: 'RDV_TOKEN_FILE',
    helpValue: 'FILE',
  }),
  insecure: Flags.boolean({
    summary: 'Serves addresses other than loopback without authorization.',
  }),
  'allow-namespace': Flags.string({
    summary:
      'Namespace that http:// clients may use in addition to --namespace. Default: any on a local store, none on a shared store.',
    ...repeated,
    helpValue: 'NAME',
  }),
  'allow-host': Flags.string({
    summary: 'Host name by which clients may call the server, or *.NAME for all names below NAME.',
    ...repeated,
    helpValue: 'NAME',
  }),
  'allow-probe': Flags.string({
    summary:
      'Target that the server may probe for clients: HOST:PORT, *.NAME:PORT or 10.0.0.0/8:PORT. Default: any.',
    ...repeated,
    helpValue: 'PATTERN',
  }),
  'postgres-url': Flags.string({
    summary:
      'URL that the server probes for /_postgres/DATABASE, with {{.}} in place of the database.',
    env: 'RDV_POSTGRES_URL',
    helpValue: 'TEMPLATE',
  }),
}

const tls = {
  'tls-cert': Flags.string({
    summary: 'Certificate for https (PEM).',
    dependsOn: ['tls-key'],
    helpValue: 'FILE',
  }),
  'tls-key': Flags.string({
    summary: 'Private key of the certificate (PEM).',
    dependsOn: ['tls-cert'],
    helpValue: 'FILE',
  }),
  'tls-ca': Flags.string({
    summary: 'Certificate authority (PEM). Clients must present a certificate that it has signed.',
    dependsOn: ['tls-cert'],
    helpValue: 'FILE',
  }),
}

const logs = {
  'log-format': Flags.option({
    summary: 'Format of the log on stderr.',
    env: 'RDV_LOG_FORMAT',
    options: LOG_FORMATS,
    default: 'text',
  })(),
  'access-log': Flags.boolean({ summary: 'Logs each request.' }),
}

const limits = {
  'max-waiters': Flags.string({
    summary: 'Maximum number of waiting requests. Default: 100000.',
    helpValue: 'N',
  }),
  'max-waiters-per-client': Flags.string({
    summary:
      'Maximum number of waiting requests of one client address. Default: 10000, or no limit if the server listens on loopback.',
    helpValue: 'N',
  }),
  'max-connections': Flags.string({
    summary: 'Maximum number of open connections. Default: 120000.',
    helpValue: 'N',
  }),
  'client-timeout': Flags.string({
    summary:
      'Time in which a client must send its headers and must read what the server sends. Default: 20s.',
    helpValue: 'DURATION',
  }),
}

/** The flags of `rdv serve`. */
export const serveFlags = { ...place, ...access, ...tls, ...logs, ...limits }
