import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import {
  isAlive,
  type ProcessIdentity,
  seemsAlive,
  thisProcess,
} from '../../src/backends/process-identity.ts'
import { present } from './conformance/harness.ts'

const self = (): ProcessIdentity => present(thisProcess())

const blind = fileURLToPath(new URL('fixtures/blind.ts', import.meta.url))

test('this process lives', () => {
  expect(isAlive(self())).toBe(true)
  expect(seemsAlive(self())).toBe(true)
})

test('another process of the same number is another one', () => {
  expect(isAlive({ ...self(), startTime: '1' })).toBe(false)
})

test('a process of an earlier start of the machine is dead', () => {
  expect(isAlive({ ...self(), bootId: 'another' })).toBe(false)
})

test('of a process in another pid namespace one cannot tell, so it counts as alive', () => {
  expect(isAlive({ ...self(), pid: 999_999_999, pidNamespace: 'pid:[1]' })).toBe(true)
})

test('a process that has ended is dead', async () => {
  const child = spawn('sleep', ['60'])
  const identity = { ...self(), pid: present(child.pid) }
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(isAlive(identity)).toBe(false)
  expect(seemsAlive(identity)).toBe(false)
})

test('who has no descriptor left to look with takes nobody for dead', () => {
  const script = 'ulimit -n 64; exec "$@"'
  const args = [
    process.execPath,
    '--disable-warning=ExperimentalWarning',
    blind,
    JSON.stringify(self()),
  ]
  const { status, stderr } = spawnSync('sh', ['-c', script, 'sh', ...args], { encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
})
