import type { Socket } from 'node:net'
import { expect, test } from 'vitest'
import { attempt, up } from '../../src/probes/attempt.ts'
import { dial } from '../../src/probes/dial.ts'
import { openProbe } from '../../src/probes/open.ts'
import { closed, closedPort, forever, listen, look, unansweringPort } from './servers.ts'

test('a port on which a server listens is up', async () => {
  expect(await look(`tcp://127.0.0.1:${await listen()}`)).toEqual({ up: true })
})

test('a port on which nobody listens is refused', async () => {
  const found = await look(`tcp://127.0.0.1:${await closedPort()}`)
  expect(found).toEqual({ up: false, reason: 'connection refused' })
})

test('localhost is up when only IPv4 listens', async () => {
  expect(await look(`tcp://localhost:${await listen('127.0.0.1')}`)).toEqual({ up: true })
})

test('localhost is up when only IPv6 listens', async () => {
  expect(await look(`tcp://localhost:${await listen('::1')}`)).toEqual({ up: true })
})

test('localhost is up on IPv6 while IPv4 neither accepts nor refuses', async () => {
  const port = await unansweringPort()
  await listen('::1', () => {}, port)
  expect(await look(`tcp://localhost:${port}`)).toEqual({ up: true })
})

test('an IPv6 address stands in brackets', async () => {
  expect(await look(`tcp://[::1]:${await listen('::1')}`)).toEqual({ up: true })
})

test('a name that does not resolve is not there yet', async () => {
  const found = await look('tcp://nobody.invalid:80')
  expect(found).toEqual({ up: false, reason: 'name does not resolve' })
})

test('a connect that is never answered ends with the time limit', async () => {
  const found = await look(`tcp://127.0.0.1:${await unansweringPort()}`, {}, 200)
  expect(found).toEqual({ up: false, unknown: true, reason: 'no answer within 200ms' })
})

test('an aborted look rejects with the reason of its signal', async () => {
  const probe = openProbe(`tcp://127.0.0.1:${await unansweringPort()}`)
  const controller = new AbortController()
  const looking = probe.check(controller.signal)
  controller.abort(new Error('interrupted'))
  await expect(looking).rejects.toThrow('interrupted')
})

test('no connection is left behind', async () => {
  const accepted = Promise.withResolvers<Socket>()
  await look(`tcp://127.0.0.1:${await listen('127.0.0.1', accepted.resolve)}`)
  const socket = await accepted.promise
  await closed(socket)
  expect(socket.destroyed).toBe(true)
})

test('a socket that the kernel connected to itself counts as refused', async () => {
  const port = await closedPort()
  const toItself = { host: '127.0.0.1', port, localPort: port }
  const found = attempt(forever(), () => dial(toItself, forever(), () => up))
  expect(await found).toEqual({ up: false, reason: 'connection refused' })
})
