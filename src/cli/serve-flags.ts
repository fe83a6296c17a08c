import * as Flags from '@oclif/core/flags'
import { LOG_FORMATS } from '../server/log.ts'

const repeated = { multiple: true, multipleNonGreedy: true } as const

/** Where the server listens, and where it keeps what it is told. */
const place = {
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
}

/** Who may use it, by which name, and for what. */
const access = {
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
    ...repeated,
    helpValue: 'NAME',
  }),
  'allow-host': Flags.string({
    summary: 'A name by which the server may be called, or *.NAME.',
    ...repeated,
    helpValue: 'NAME',
  }),
  'allow-probe': Flags.string({
    summary: 'Only this may be probed: HOST:PORT, *.NAME:PORT or 10.0.0.0/8:PORT. Default: any.',
    ...repeated,
    helpValue: 'PATTERN',
  }),
  'postgres-url': Flags.string({
    summary: 'Where /_postgres/DB looks; {{.}} stands for the database.',
    env: 'RDV_POSTGRES_URL',
    helpValue: 'TEMPLATE',
  }),
}

const tls = {
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
}

const logs = {
  'log-format': Flags.option({
    summary: 'How what happens is told on stderr.',
    env: 'RDV_LOG_FORMAT',
    options: LOG_FORMATS,
    default: 'text',
  })(),
  'access-log': Flags.boolean({ summary: 'Tells each request on stderr, too.' }),
}

const limits = {
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
    summary: 'A client must send its headers, and read what it is sent, within this. Default: 20s.',
    helpValue: 'DURATION',
  }),
}

/** The flags of `rdv serve`. */
export const serveFlags = { ...place, ...access, ...tls, ...logs, ...limits }
