import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createCertificates, type TlsFiles } from '../services/certificates.ts'
import { type PostgresService, startPostgres } from '../services/postgres.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { program } from './executable.ts'
import { Place } from './rdv.ts'

let tls: TlsFiles
let service: PostgresService
beforeAll(async () => {
  tls = await createCertificates()
  service = await startPostgres({ tls, databases: ['my#db'] })
})
afterAll(() => service.stop())

/** A place with a home of its own, which contains a password file with this mode. */
const placeWith = (mode: number, settings: NodeJS.ProcessEnv = {}): Place => {
  const home = temporaryFolder('home')
  writeFileSync(join(home, '.pgpass'), `localhost:*:*:postgres:${service.password}\n`)
  chmodSync(join(home, '.pgpass'), mode)
  return new Place({ HOME: home, ...settings })
}

describe('the password of ~/.pgpass', () => {
  test('is taken without a word', async () => {
    const url = `postgres://postgres@localhost:${service.port}/my%23db`
    const place = placeWith(0o600)
    expect(await place.rdv('probe', url)).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(await place.rdv('wait', url)).toMatchObject({ code: 0, stdout: '', stderr: '' })
  })

  test('is ignored, and that is said, where others can read it', async () => {
    const url = `postgres://postgres@localhost:${service.port}/postgres`
    const { code, stderr } = await placeWith(0o644).rdv('probe', url)
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /no password given for user postgres \(other users can access .*\.pgpass/,
    )
    expect(stderr).not.toContain(service.password)
  })
})

test.runIf(process.getuid?.() === 0).each(['unset HOME', 'export HOME='])(
  'a user without a home probes without files of its own, after %s',
  async (without) => {
    const url = 'postgres://u@127.0.0.1:1/d'
    const script = `${without}; exec setpriv --reuid=54321 --regid=54321 --clear-groups "$@"`
    const [file, args] = program(['probe', url])
    const { code, stderr } = await new Place().sh(script, file, ...args)
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `rdv: condition not met: ${url} connection refused\n`,
    })
  },
)

describe('what psql refuses ends at once with 2, though nothing listens there:', () => {
  const services = (): NodeJS.ProcessEnv => {
    const file = join(temporaryFolder('service'), 'services')
    writeFileSync(file, '[app]\nsslmode=bogus\n')
    return { PGSERVICEFILE: file }
  }

  test.each([
    ['in the URL', '?sslmode=bogus', () => ({})],
    ['an unknown parameter', '?sslmod=require', () => ({})],
    ['in the environment', '', () => ({ PGSSLMODE: 'bogus' })],
    ['in a service file', '?service=app', services],
    ['a service that there is not', '?service=other', services],
  ] as const)('%s', async (_, query, settings) => {
    const place = new Place({ HOME: temporaryFolder('home'), ...settings() })
    const url = `postgres://postgres:hunter2@127.0.0.1:1/app${query}`
    for (const command of ['probe', 'wait']) {
      const { code, stdout, stderr } = await place.rdv(command, url)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/: write |, or one of /)
      expect(stderr).not.toContain('hunter2')
    }
  })
})

test('the certificates of the system are those of psql', async () => {
  const login = `postgres:${encodeURIComponent(service.password)}`
  const url = `postgres://${login}@localhost:${service.port}/postgres?sslrootcert=system`
  const home = temporaryFolder('home')
  mkdirSync(join(home, 'none'))
  const system = (file: string): NodeJS.ProcessEnv => ({
    HOME: home,
    SSL_CERT_FILE: file,
    SSL_CERT_DIR: join(home, 'none'),
  })
  expect(await new Place(system(tls.ca)).rdv('probe', url)).toMatchObject({ code: 0, stderr: '' })
  const other = await new Place(system(tls.selfSigned.cert)).rdv('probe', url)
  expect(other).toMatchObject({ code: 1, stderr: expect.stringContaining('not trusted') })
  const byAddress = url.replace('localhost', '127.0.0.2')
  expect((await new Place(system(tls.ca)).rdv('probe', byAddress)).code).toBe(1)
})

test('a wrong password and a parameter that is secret are in no output', async () => {
  const url = `postgres://postgres:hunt#er2@localhost:${service.port}/postgres?sslpassword=hunter3`
  const place = new Place({ HOME: temporaryFolder('home') })
  for (const flags of [[], ['--json'], ['--verbose']]) {
    const { code, stdout, stderr } = await place.rdv('probe', url, ...flags)
    expect(code).toBe(1)
    expect(stdout + stderr).toContain('password authentication failed for user postgres')
    expect(stdout + stderr).not.toMatch(/hunt/)
  }
})
