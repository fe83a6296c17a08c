import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  askBoth,
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

const modes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', undefined]
const attributes = ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby']
const ways = Object.keys(sources) as Source[]

let servers: Servers
beforeAll(async () => {
  servers = await startServers()
})
afterAll(() => servers.stop())

const at = (kind: Kind, more: Given = {}): Given => {
  const { host, port, user, password } = { ...servers.all[kind], host: 'localhost' }
  return { host, port, user, password, dbname: 'postgres', ...more }
}

/** Each of the six modes and none, said this way. */
const inEachMode = (way: Source, kind: Kind, more: Given = {}): Map<string, Said> =>
  new Map(modes.map((sslmode) => [sslmode ?? 'none', sources[way](at(kind, { sslmode, ...more }))]))

const yes = (...names: string[]): Record<string, boolean> =>
  Object.fromEntries(modes.map((mode) => [mode ?? 'none', names.includes(mode ?? 'none')]))

describe.each(ways)('connects exactly when psql does, told by the %s', (way) => {
  test.each(kinds)('without a root certificate, to a server: %s', async (kind) => {
    const { rdv, psql } = await askBoth(inEachMode(way, kind))
    expect(rdv).toEqual(psql)
  })

  test.each(kinds)('with a root certificate, to a server: %s', async (kind) => {
    const { rdv, psql } = await askBoth(inEachMode(way, kind, { sslrootcert: servers.root }))
    expect(rdv).toEqual(psql)
  })

  test.each(kinds)('with a root certificate of the home, to a server: %s', async (kind) => {
    const { rdv, psql } = await askBoth(inEachMode(way, kind), homeWithRoot(servers.root))
    expect(rdv).toEqual(psql)
  })

  test.each(['TLS optional', 'read-only', 'standby'] as const)(
    'with each of target_session_attrs, to a server: %s',
    async (kind) => {
      const asked = attributes.map((target_session_attrs): [string, Said] => [
        target_session_attrs,
        sources[way](at(kind, { target_session_attrs })),
      ])
      const { rdv, psql } = await askBoth(new Map(asked))
      expect(rdv).toEqual(psql)
    },
  )
})
