import * as Flags from '@oclif/core/flags'
import { LOG_FORMATS } from '../../server/log/logger.ts'

const repeated = { multiple: true, multipleNonGreedy: true } as const

/** Where the server listens, and where it stores its data. */
const place = {
  timeout: Flags.string({
    summary: 'Timeout of requests that give none. Default: 30s.',
    helpGroup: 'GLOBAL',
    helpValue: 'DURATION',
  }),
  listen: Flags.string({
    summary: 'Address and port to listen on.',
    env: 'RDV_LISTEN',
    default: '127.0.0.1:8080',
    helpValue: 'HOST:PORT',
  }),
  'data-dir': Flags.string({
    summary: 'Stores all data in a file in this directory.',
    helpValue: 'DIR',
  }),
}

/** Which clients may use the server, by which names, and for what. */
const access = {
  'token-file': Flags.string({
    summary:
      'File with the tokens that authorize clients: one per line, with its scopes (read,signal,probe,admin) before it. A token without scopes has all.',
    env: 'RDV_TOKEN_FILE',
    helpValue: 'FILE',
  }),
  insecure: Flags.boolean({
    summary: 'Serves addresses other than loopback without authorization.',
  }),
  'allow-namespace': Flags.string({
    summary:
      'Namespace that http:// clients may use besides --namespace. On a local store, clients may use any namespace by default.',
    ...repeated,
    helpValue: 'NAME',
  }),
  'allow-host': Flags.string({
    summary: 'Host name that clients may use for the server, or *.NAME.',
    ...repeated,
    helpValue: 'NAME',
  }),
  'allow-probe': Flags.string({
    summary: 'Target that may be probed: HOST:PORT, *.NAME:PORT or 10.0.0.0/8:PORT. Default: any.',
    ...repeated,
    helpValue: 'PATTERN',
  }),
  'postgres-url': Flags.string({
    summary: 'URL that /_postgres/DB probes; {{.}} stands for the database.',
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
    summary: 'Certificate authority (PEM) that must have signed the certificates of clients.',
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
  'access-log': Flags.boolean({ summary: 'Also logs each request.' }),
}

const limits = {
  'max-waiters': Flags.string({ summary: 'Maximum number of waiting requests.', helpValue: 'N' }),
  'max-waiters-per-client': Flags.string({
    summary:
      'Maximum number of waiting requests of one client address. Default: 10000, no limit on loopback.',
    helpValue: 'N',
  }),
  'max-connections': Flags.string({
    summary: 'Maximum number of open connections.',
    helpValue: 'N',
  }),
  'client-timeout': Flags.string({
    summary:
      'Time limit for a client to send its headers and to read what it is sent. Default: 20s.',
    helpValue: 'DURATION',
  }),
}

/** The flags of `rdv serve`. */
export const serveFlags = { ...place, ...access, ...tls, ...logs, ...limits }
