import { existsSync, renameSync, rmSync, statSync, symlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
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

describe('a store that is opened by a symbolic link', () => {
  let link: string
  let linked: Backend

  beforeEach(async () => {
    link = join(temporaryFolder('bell-link'), 'link.db')
    symlinkSync(path, link)
    linked = await open(`sqlite://${link}`, { env: {} })
  })
  afterEach(() => linked.close())

  test('rings the bell of the file', async () => {
    forget()
    await linked.commit([], [put('rdv/by-link', 'x')])
    expect(isRung()).toBe(true)
    await follower.until((known) => known.has('rdv/by-link'))
  })

  test('hears the bell of the file', async () => {
    const behind = new Follower(linked, 'rdv/')
    await behind.until((known) => known.has('rdv/first'))
    expect(existsSync(`${link}-bell`)).toBe(false)
    await other.commit([], [put('rdv/second', 'x')])
    await behind.until((known) => known.has('rdv/second'))
    await behind.stop()
  })

  test('does not leave a long log behind', async () => {
    await follower.stop()
    await watching.close()
    await other.close()
    await linked.commit([], [put('rdv/long', Buffer.alloc(400_000, 'x'))])
    await linked.close({ ending: true })
    expect(existsSync(`${path}-wal`)).toBe(false)
  })

  test('continues with another file when the link is replaced', async () => {
    const behind = new Follower(linked, 'rdv/')
    await behind.until((known) => known.has('rdv/first'))
    const second = join(temporaryFolder('bell-second'), 'y.db')
    const there = await open(`sqlite://${second}`, { env: {} })
    symlinkSync(second, `${link}.new`)
    renameSync(`${link}.new`, link)
    await there.commit([], [put('rdv/there', 'x')])
    await behind.until((known) => known.has('rdv/there') && !known.has('rdv/first'))
    await behind.stop()
    await there.close()
  })
})
