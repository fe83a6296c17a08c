import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'
import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { startPostgres } from '../services/postgres.ts'
import { revoke } from '../services/revocation.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import {
  askBoth,
  databases,
  emptyHome,
  type Given,
  homeWithRoot,
  type Kind,
  kinds,
  type Said,
  type Servers,
  type Source,
  sources,
  startServers,
} from './postgres-servers.ts'
import { closedPort } from './servers.ts'

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'none']
const withoutTls = ['disable', 'allow', 'prefer', 'none']
const unverified = [...withoutTls, 'require']
const encrypted = ['allow', 'prefer', 'require', 'none']

/** The modes in which a client can connect to a server of each kind: without a root certificate, and with one. */
const connects: Readonly<Record<Kind, readonly [string[], string[]]>> = {
  'no TLS': [withoutTls, withoutTls],
  'TLS optional': [unverified, modes],
  'TLS only': [encrypted, [...encrypted, 'verify-ca', 'verify-full']],
  'self-signed': [encrypted, []],
  'for another host': [encrypted, [...encrypted, 'verify-ca']],
  'read-only': [unverified, modes],
  standby: [unverified, modes],
}

let servers: Servers
beforeAll(async () => {
  servers = await startServers()
})
afterAll(() => servers.stop())

const at = (kind: Kind, more: Given = {}): Given => {
  const { port, user, password } = servers.all[kind]
  return { host: 'localhost', port, user, password, dbname: 'postgres', ...more }
}

/** The parameters for each of the six modes, and for no mode, given in this way. */
const inEachMode = (way: Source, kind: Kind, more: Given = {}): Map<string, Said> =>
  new Map(
    modes.map((mode) => {
      const sslmode = mode === 'none' ? undefined : mode
      return [mode, sources[way](at(kind, { sslmode, ...more }))]
    }),
  )

const among = (all: readonly string[], some: readonly string[]): Record<string, boolean> =>
  Object.fromEntries(all.map((one) => [one, some.includes(one)]))

/** Checks that both rdv and psql connect in the cases `some`, and in no other case. */
const expectBoth = async (
  asked: ReadonlyMap<string, Said>,
  some: readonly string[],
  home?: string,
): Promise<void> => {
  const { rdv, psql } = await askBoth(asked, home)
  const expected = among([...asked.keys()], some)
  expect(psql).toEqual(expected)
  expect(rdv).toEqual(expected)
}

describe.each(Object.keys(sources) as Source[])('connects as psql does, told by the %s', (way) => {
  test.each(kinds)('without a root certificate, to a server: %s', async (kind) => {
    await expectBoth(inEachMode(way, kind), connects[kind][0])
  })

  test.each(kinds)('with a root certificate, to a server: %s', async (kind) => {
    const sslrootcert = servers.tls.ca
    await expectBoth(inEachMode(way, kind, { sslrootcert }), connects[kind][1])
  })

  test.each([
    ['TLS optional', ['any', 'read-write', 'primary', 'prefer-standby']],
    ['read-only', ['any', 'read-only', 'primary', 'prefer-standby']],
    ['standby', ['any', 'read-only', 'standby', 'prefer-standby']],
  ] as const)('with each of target_session_attrs, to a server: %s', async (kind, some) => {
    const all = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby']
    const asked = all.map((target_session_attrs): [string, Said] => [
      target_session_attrs,
      sources[way](at(kind, { target_session_attrs })),
    ])
    await expectBoth(new Map(asked), some)
  })
})

test.each(['no TLS', 'TLS only', 'self-signed', 'for another host'] as const)(
  'a root certificate in ~/.postgresql counts as for psql, to a server: %s',
  async (kind) => {
    await expectBoth(inEachMode('URL', kind), connects[kind][1], homeWithRoot(servers.tls.ca))
  },
)

/**
 * Checks that both connect in the cases `connect`, and that neither connects in the cases `refuse`. The keys are the
 * cases' titles.
 */
const expectEach = async (
  cases: { connect?: Record<string, Said>; refuse?: Record<string, Said> },
  home?: string,
): Promise<void> => {
  const { connect = {}, refuse = {} } = cases
  const asked = new Map(Object.entries({ ...connect, ...refuse }))
  await expectBoth(asked, Object.keys(connect), home)
}

const said = (url: string, env: Record<string, string> = {}): Said => ({ url, env })

const login = (kind: Kind = 'TLS optional'): string =>
  `postgres:${encodeURIComponent(servers.all[kind].password)}`

const place = (kind: Kind): string => `localhost:${servers.all[kind].port}`

/** A URL of the primary that ends with `rest`. */
const primary = (rest: string): Said =>
  said(`postgres://${login()}@${place('TLS optional')}${rest}`)

/** The verifier that PostgreSQL stores for a password for SCRAM-SHA-256, with this number of iterations. */
const verifier = (password: string, iterations: number): string => {
  const salt = Buffer.from('salt of the test')
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256')
  const [client = '', server = ''] = ['Client Key', 'Server Key'].map((word) =>
    createHmac('sha256', salted).update(word).digest(),
  )
  const stored = createHash('sha256').update(client).digest('base64')
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored}:${server.toString('base64')}`
}

describe('takes a URL apart as psql does:', () => {
  test('names of databases', async () => {
    const encoded = databases.map((name) => [name, primary(`/${encodeURIComponent(name)}`)])
    const connect = {
      ...Object.fromEntries(encoded),
      'a # as it is': primary('/my#db'),
      'a / in dbname': primary('/?dbname=a/b'),
      'the later one': primary('/nowhere?dbname=my%23db'),
      'none: the name of the user': primary(''),
    }
    await expectEach({ connect, refuse: { absent: primary('/a%2523b') } })
  })

  test('users and passwords', async () => {
    const server = servers.all['TLS optional']
    await server.query(
      `CREATE ROLE "we@ird:u/ser" LOGIN PASSWORD 'p@ss:w/rd#?&='`,
      `CREATE ROLE hash LOGIN PASSWORD 'a#b?c'`,
      `CREATE ROLE slow LOGIN PASSWORD '${verifier('p', 200_000)}'`,
    )
    const at = `localhost:${server.port}/postgres`
    await expectEach({
      connect: {
        encoded: said(`postgres://we%40ird%3Au%2Fser:p%40ss%3Aw%2Frd%23%3F%26%3D@${at}`),
        'as they are': said(`postgres://hash:a#b?c@${at}`),
        'of 200,000 iterations': said(`postgres://slow:p@${at}`),
        'as parameters': said(`postgres://${at}?user=hash&password=a%23b%3Fc`),
      },
      refuse: {
        'a wrong password': said(`postgres://hash:wrong@${at}`),
        'no password': said(`postgres://hash@${at}`),
        'a stray %': said(`postgres://hash:%zz@${at}`),
        'two @': said(`postgres://hash:a@b@${at}`),
        'a NUL': said(`postgres://hash:a%00b@${at}`),
      },
    })
  })

  test('hosts and sockets', async () => {
    const { port, socketFolder } = servers.all['TLS optional']
    const socket = `host=${encodeURIComponent(socketFolder)}&port=${port}`
    await expectEach({
      connect: {
        'a socket as a parameter': said(`postgres://${login()}@/postgres?${socket}`),
        'a socket as a parameter, without an @': said(`postgres:///postgres?${socket}`, {
          PGUSER: 'postgres',
          PGPASSWORD: servers.all['TLS optional'].password,
        }),
        'a socket as the host': said(
          `postgres://${login()}@${encodeURIComponent(socketFolder)}:${port}/postgres`,
        ),
        'a socket, whatever sslmode': said(
          `postgres://${login()}@/postgres?${socket}&sslmode=verify-full`,
        ),
        'an address': said(`postgres://${login()}@127.0.0.1:${port}/postgres`),
        hostaddr: said(
          `postgres://${login()}@name.invalid:${port}/postgres?hostaddr=127.0.0.1&sslmode=require`,
        ),
        'hostaddr without a host': said(
          `postgres://${login()}@/postgres?hostaddr=127.0.0.1&port=${port}`,
        ),
        'a certificate by the name, not by hostaddr': said(
          `postgres://${login()}@localhost:${port}/postgres?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=${servers.tls.ca}`,
        ),
        'a certificate by the address': said(
          `postgres://${login()}@127.0.0.1:${port}/postgres?sslmode=verify-full&sslrootcert=${servers.tls.ca}`,
        ),
      },
      refuse: {
        'another name than the certificate has': said(
          `postgres://${login()}@name.invalid:${port}/postgres?hostaddr=127.0.0.1&sslmode=verify-full&sslrootcert=${servers.tls.ca}`,
        ),
        'no name to verify': said(
          `postgres://${login()}@/postgres?hostaddr=127.0.0.1&port=${port}&sslmode=verify-full&sslrootcert=${servers.tls.ca}`,
        ),
        'IPv6, where it does not listen': said(`postgres://${login()}@[::1]:${port}/postgres`),
        'a bracket that is left open': said(`postgres://${login()}@[::1:${port}/postgres`),
        'a hostaddr that is a name': primary('/postgres?hostaddr=localhost'),
        'no such socket': said(`postgres://${login()}@/postgres?host=/no/such`),
      },
    })
  })

  test('what is not a parameter, or not a value of it', async () => {
    const refused = [
      ...['sslmode=bogus', 'sslmode=Require', 'sslmode=', 'sslmode=no-verify', 'sslmod=require'],
      ...['ssl=false', 'sslmode', 'sslmode=a=b', '&', 'target_session_attrs=master', 'tty=1'],
      ...['connect_timeout=soon', 'connect_timeout=', 'keepalives=yes', 'port=0', 'port=65536'],
      ...['port=x', 'port=1,2', 'hostaddr=127.0.0.1,127.0.0.1', 'channel_binding=never'],
      ...['gssencmode=maybe', 'ssl_min_protocol_version=SSLv3', 'client_encoding=bogus'],
      ...[
        'options=-c%20no_such%3D1',
        'options=-c%20geqo=off',
        'sslmode=%00',
        'ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2',
      ],
    ]
    const taken = [
      ...['', 'ssl=true', 'requiressl=1', 'sslmode=require&ssl_min_protocol_version=TLSv1.3'],
      ...['sslmode=bogus&sslmode=require', 'sslmode=require&ssl_max_protocol_version=TLSv1.2'],
      ...['connect_timeout=10', 'connect_timeout=-1', 'keepalives=1&keepalives_idle=5'],
      ...['application_name=x', 'fallback_application_name=x', 'sslcompression=1', 'sslsni=0'],
      ...['gssencmode=disable', 'gssencmode=prefer', 'krbsrvname=x', 'client_encoding=LATIN1'],
      ...['client_encoding=auto', 'options=-c%20geqo%3Doff', 'channel_binding=disable'],
      ...['channel_binding=prefer', 'channel_binding=require', 'sslcert=/no/such'],
    ]
    const each = (all: string[]) =>
      Object.fromEntries(all.map((query) => [`"${query}"`, primary(`/postgres?${query}`)]))
    await expectEach({ connect: each(taken), refuse: each(refused) })
  })
})

test('a server without TLS gives no channel binding, and is not asked for TLS in vain', async () => {
  const url = `postgres://${login('no TLS')}@${place('no TLS')}/postgres`
  await expectEach({
    connect: { none: said(url) },
    refuse: {
      'channel_binding=require': said(`${url}?channel_binding=require`),
      'ssl=true': said(`${url}?ssl=true`),
      'requiressl=1': said(`${url}?requiressl=1`),
      PGREQUIRESSL: said(url, { PGREQUIRESSL: '1' }),
    },
  })
})

describe('what stands in several places is taken as psql takes it:', () => {
  const service = (...lines: string[]): Record<string, string> => {
    const file = join(temporaryFolder('service'), 'services')
    writeFileSync(file, `${lines.join('\n')}\n`)
    return { PGSERVICEFILE: file }
  }

  test('the URL goes before the service, the service before the environment', async () => {
    const url = `postgres://${login()}@${place('TLS optional')}/postgres`
    const wrong = service('[app]', 'sslmode=bogus', 'port=1')
    const right = service('[app]', 'sslmode=require')
    await expectEach({
      connect: {
        'URL before service': said(`${url}?sslmode=require&service=app`, wrong),
        'URL before environment': said(`${url}?sslmode=require`, { PGSSLMODE: 'bogus' }),
        'service before environment': said(`${url}?service=app`, { ...right, PGSSLMODE: 'bogus' }),
        'an empty host of the environment': said(url, { PGHOST: '', PGPORT: '' }),
      },
      refuse: {
        'service, where the URL is silent': said(`${url}?service=app`, wrong),
        'a bad value of the environment': said(url, { PGSSLMODE: 'bogus' }),
        'an empty one': said(url, { PGSSLMODE: '' }),
        'an address of the environment': said(url, { PGHOSTADDR: '127.0.0.2' }),
        'a time zone that there is not': said(url, { PGTZ: 'Nowhere/Else' }),
        'options of the environment': said(`${url}?target_session_attrs=read-write`, {
          PGOPTIONS: '-c default_transaction_read_only=on',
        }),
      },
    })
  })

  test('services', async () => {
    const url = (rest: string) => `postgres://${login()}@/postgres?${rest}`
    const lines = [
      '# x',
      '[appl]',
      'port=1',
      '',
      ' [app] ',
      'host=localhost',
      `port=${servers.all['TLS optional'].port}`,
      'port=1',
      '[other]',
      'port=2',
    ]
    const folder = temporaryFolder('sysconf')
    writeFileSync(join(folder, 'pg_service.conf'), lines.join('\n'))
    const home = emptyHome()
    writeFileSync(join(home, '.pg_service.conf'), '[own]\nservice=app\n[mine]\nhost=localhost\n')
    await expectEach(
      {
        connect: {
          'of the URL': said(url('service=app'), service(...lines)),
          'of the environment': said(url(''), { ...service(...lines), PGSERVICE: 'app' }),
          'of all users': said(url('service=app'), { PGSYSCONFDIR: folder }),
          'of the home': said(url(`service=mine&port=${servers.all['TLS optional'].port}`)),
        },
        refuse: {
          'that there is not': said(url('service=none'), service(...lines)),
          'without a name': said(url('host=localhost'), { PGSERVICE: '' }),
          'that names another': said(url('service=own')),
          'without its file': said(url('service=app'), { PGSERVICEFILE: '/no/such' }),
          'with an unknown word': said(url('service=app'), service('[app]', 'hots=localhost')),
          'with spaces around =': said(url('service=app'), service('[app]', 'host = localhost')),
          'without a =': said(url('service=app'), service('[app]', 'host')),
        },
      },
      home,
    )
  })

  test('password files', async () => {
    const { port, password, socketFolder } = servers.all['TLS optional']
    await servers.all['TLS optional'].query(String.raw`CREATE ROLE "a:b" LOGIN PASSWORD 'x\y:z'`)
    const file = (mode: number, ...lines: string[]): string => {
      const path = join(temporaryFolder('pass'), 'pass')
      writeFileSync(path, `${lines.join('\n')}\n`)
      chmodSync(path, mode)
      return path
    }
    const url = `postgres://postgres@localhost:${port}/postgres`
    const by = (...lines: string[]) => said(`${url}?passfile=${file(0o600, ...lines)}`)
    const line = `localhost:${port}:postgres:postgres:${password}`
    const home = emptyHome()
    copyFileSync(file(0o600, line), join(home, '.pgpass'))
    chmodSync(join(home, '.pgpass'), 0o600)
    await expectEach(
      {
        connect: {
          'of the home': said(url),
          'of the environment': said(url, { PGPASSFILE: file(0o600, '', '#x', line) }),
          'with a *': by(`*:*:*:*:${password}`),
          'after others': by(`db:*:*:*:no`, `*:1:*:*:no`, `*:*:*:app:no`, line),
          'with escapes': said(
            `postgres://a%3Ab@localhost:${port}/postgres?passfile=${file(0o600, String.raw`*:*:*:a\:b:x\\y\:z`)}`,
          ),
          'for a socket': said(
            `postgres://postgres@/postgres?host=${socketFolder}&port=${port}&passfile=${file(0o600, `${socketFolder}:*:*:*:${password}`)}`,
          ),
          'for the name, not for hostaddr': said(`${url}?hostaddr=127.0.0.1`),
          'but PGPASSWORD goes before': said(url, {
            PGPASSWORD: password,
            PGPASSFILE: file(0o600, '*:*:*:*:no'),
          }),
        },
        refuse: {
          'open to others': said(`${url}?passfile=${file(0o640, line)}`),
          'for another host': by(`127.0.0.1:*:*:*:${password}`),
          'whose first match is wrong': by('*:*:*:*:no', line),
          'commented out': by(`#${line}`),
        },
      },
      home,
    )
  })
})

test('certificates of clients are shown as psql shows them', async () => {
  const { certificates, tls } = servers
  await certificates.query('CREATE ROLE rdv LOGIN')
  const url = `postgres://rdv@localhost:${certificates.port}/postgres`
  const home = emptyHome()
  const folder = join(home, '.postgresql')
  const own = said(url)
  const openKey = join(home, 'open.pem')
  copyFileSync(tls.clientKey, openKey)
  chmodSync(openKey, 0o644)
  const given = `sslcert=${tls.clientCert}&sslkey=${tls.clientKey}`
  await expectEach(
    {
      connect: {
        given: said(`${url}?${given}`),
        'of the environment': said(url, { PGSSLCERT: tls.clientCert, PGSSLKEY: tls.clientKey }),
      },
      refuse: {
        none: own,
        'whose key is open to others': said(`${url}?sslcert=${tls.clientCert}&sslkey=${openKey}`),
        'whose key is not there': said(`${url}?sslcert=${tls.clientCert}`),
        'that is not there': said(`${url}?sslcert=/no/such&sslkey=${tls.clientKey}`),
        'that is none': said(`${url}?sslcert=${tls.clientKey}&sslkey=${tls.clientKey}`),
        'without TLS': said(`${url}?${given}&sslmode=disable`),
      },
    },
    home,
  )
  mkdirSync(folder)
  copyFileSync(tls.clientCert, join(folder, 'postgresql.crt'))
  copyFileSync(tls.clientKey, join(folder, 'postgresql.key'))
  chmodSync(join(folder, 'postgresql.key'), 0o600)
  await expectEach({ connect: { 'of the home': own } }, home)
})

test('a certificate that is revoked is refused as psql refuses it', async () => {
  const { tls } = servers
  const url = `postgres://${login()}@${place('TLS only')}/postgres?sslrootcert=${tls.ca}`
  const [revoked, another] = [await revoke(tls, tls.cert), await revoke(tls, tls.clientCert)]
  await expectEach({
    connect: {
      'another one is revoked': said(`${url}&sslmode=verify-full&sslcrl=${another}`),
      'no list is there': said(`${url}&sslmode=verify-full&sslcrl=/no/such`),
    },
    refuse: {
      revoked: said(`${url}&sslmode=verify-full&sslcrl=${revoked}`),
      'revoked, though TLS is only preferred': said(`${url}&sslcrl=${revoked}`),
      'by the environment': said(`${url}&sslmode=require`, { PGSSLCRL: revoked }),
    },
  })
})

describe('several hosts are tried as psql tries them:', () => {
  const among = (rest: string, ...hosts: string[]): Said =>
    said(`postgres://${login()}@${hosts.join(',')}/postgres${rest}`)

  test('one after the other', async () => {
    const [up, gone] = [place('TLS optional'), `127.0.0.1:${await closedPort()}`]
    await expectEach({
      connect: {
        'the first is not there': among('', gone, up),
        'the second is not there': among('', up, gone),
        'the first does not resolve': among('', 'name.invalid', up),
        'as a parameter': said(
          `postgres://${login()}@/postgres?host=name.invalid,localhost&port=${servers.all['TLS optional'].port}`,
        ),
        'of the environment': said(`postgres://${login()}@/postgres`, {
          PGHOST: 'name.invalid,localhost',
          PGPORT: `1,${servers.all['TLS optional'].port}`,
        }),
        'a password for each': said(`postgres://postgres@${gone},${up}/postgres`, {
          PGPASSFILE: passwords(),
        }),
      },
      refuse: {
        'none is there': among('', gone, 'name.invalid'),
        'the first refuses the login': among(
          '?sslmode=disable',
          place('TLS only'),
          place('no TLS'),
        ),
        'the first has no such database': said(
          `postgres://${login()}@${place('no TLS')},${up}/my%23db`,
        ),
      },
    })
  })

  const passwords = (): string => {
    const file = join(temporaryFolder('pass'), 'pass')
    const { port, password } = servers.all['TLS optional']
    writeFileSync(file, `127.0.0.1:*:*:*:no\nlocalhost:${port}:*:*:${password}\n`, { mode: 0o600 })
    return file
  }

  test('until one is of the wanted kind', async () => {
    const [up, readOnly, standby] = [place('TLS optional'), place('read-only'), place('standby')]
    const wanted = (kind: string, ...hosts: string[]) =>
      among(`?target_session_attrs=${kind}`, ...hosts)
    await expectEach({
      connect: {
        'read-write': wanted('read-write', standby, readOnly, up),
        'read-only': wanted('read-only', up, standby),
        primary: wanted('primary', standby, readOnly),
        standby: wanted('standby', up, readOnly, standby),
        'prefer-standby': wanted('prefer-standby', up, readOnly),
      },
      refuse: {
        'no read-write': wanted('read-write', standby, readOnly),
        'no primary': wanted('primary', standby),
        'no standby': wanted('standby', up, readOnly),
      },
    })
  })

  test('though one is frozen, or does not take connections at the moment', async () => {
    const [frozen, leaving] = await Promise.all([startPostgres(), startPostgres()])
    onTestFinished(async () => {
      frozen.thaw()
      await Promise.all([frozen.stop(), leaving.stop()])
    })
    frozen.freeze()
    const up = place('TLS optional')
    const stay = await leaving.leave()
    onTestFinished(stay)
    await expectEach({
      connect: {
        frozen: among('?connect_timeout=2', `127.0.0.1:${frozen.port}`, up),
        leaving: among('', `127.0.0.1:${leaving.port}`, up),
      },
      refuse: {
        'frozen alone': among('?connect_timeout=2', `127.0.0.1:${frozen.port}`),
        'leaving alone': among('', `127.0.0.1:${leaving.port}`),
      },
    })
  })
})
