import { existsSync, rmSync, statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Backend } from '../../../src/backends/backend.ts'
import { put, putHeld } from '../../../src/backends/operations.ts'
import { open } from '../../../src/backends/sqlite/index.ts'
import { temporaryFolder } from '../../services/watchdog.ts'
import { Follower } from '../conformance/harness.ts'

let path: string
let follower: Follower
let watching: Backend
let other: Backend

beforeEach(async () => {
  path = join(temporaryFolder('bell'), 'x.db')
  watching = await open(`sqlite://${path}`, { env: {} })
  other = await open(`sqlite://${path}`, { env: {} })
  follower = new Follower(watching, 'rdv/')
  await other.commit([], [put('rdv/first', 'x')])
  await follower.until((known) => known.has('rdv/first'))
})

afterEach(async () => {
  await follower.stop()
  await watching.close()
  await other.close()
})

const bell = () => `${path}-bell`
/** Makes the bell count as not rung. */
const forget = () => utimesSync(bell(), 0, 0)
const isRung = (): boolean => statSync(bell()).mtimeMs !== 0

test('a commit rings the bell, and the renewal of a session does not', async () => {
  const lease = await other.grant(10_000)
  await other.commit([], [putHeld('rdv/held', 'x', lease.id)])
  await follower.until((known) => known.has('rdv/held'))
  forget()
  for (let i = 0; i < 5; i++) await other.renew(lease.id)
  expect(isRung()).toBe(false)
  await other.revoke(lease.id)
  expect(isRung()).toBe(true)
  await follower.until((known) => !known.has('rdv/held'))
})

test('a bell that was removed is made anew', async () => {
  rmSync(bell())
  await expect.poll(() => existsSync(bell())).toBe(true)
  forget()
  await other.commit([], [put('rdv/second', 'x')])
  expect(isRung()).toBe(true)
  await follower.until((known) => known.has('rdv/second'))
})

test('a change after which nobody rings is seen, too', async () => {
  const killed = new DatabaseSync(path)
  killed.exec(`
    BEGIN IMMEDIATE;
    UPDATE store SET revision = revision + 1;
    INSERT INTO entry SELECT 'rdv/quiet', x'78', revision, revision, NULL FROM store;
    COMMIT`)
  killed.close()
  await follower.until((known) => known.has('rdv/quiet'))
  expect(follower.state('rdv/quiet')).toBe('x')
})
