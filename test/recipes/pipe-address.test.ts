import { describe, expect, test } from 'vitest'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { ownAddress, parsePipeUrl, pipeUrl } from '../../src/recipes/pipe/address.ts'
import { memory } from './namespace.ts'

/** A namespace whose store seems to have this address. */
const at = async (address: string): Promise<Namespace> => {
  const namespace = await memory()
  const traits = { ...namespace.backend.traits, reach: 'network' as const }
  return {
    ...namespace,
    backend: Object.assign(Object.create(namespace.backend), { address, traits }),
  }
}

describe('a sender listens where its machine reaches the store:', () => {
  test.each([
    ['etcd://127.0.0.1:2379,10.0.0.1:2379', '127.0.0.1'],
    ['http://localhost:8080', /^(127\.0\.0\.1|::1)$/],
    ['consul://[::1]:8500', /^(::1|.*[^:0-9a-f].*)$/],
    ['https://127.0.0.1', '127.0.0.1'],
  ])('%s', async (address, expected) => {
    expect(await ownAddress(await at(address))).toMatch(expected)
  })

  test('on loopback, where the store is of this machine', async () => {
    expect(await ownAddress(await memory())).toBe('127.0.0.1')
  })
})

describe('the address of a group', () => {
  test.each([
    ['node1', 7_000],
    ['10.0.0.1', 1],
    ['fe80::1', 65_535],
  ])('of %s and %i is read as it was written', (host, port) => {
    expect(parsePipeUrl(pipeUrl(host, port))).toEqual({ host, port })
  })

  test.each(['', 'tcp://', 'tcp://h', 'tcp://h:70000', 'http://h:1', 'ipc:///x', 'tcp://a/b:1'])(
    'is none: %j',
    (text) => expect(parsePipeUrl(text)).toBeUndefined(),
  )
})
