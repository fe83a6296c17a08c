import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { open } from '../../../src/backends/sqlite/index.ts'
import { temporaryFolder } from '../../services/watchdog.ts'

/** The program of the npm package, because bun closes open stores when it exits. */
const program = join(import.meta.dirname, '../../../bin/rdv.cjs')

const openStore = (path: string) => open(`sqlite://${path}`, { env: {} })
const put = (key: string, size: number) =>
  ({ kind: 'put', key, value: Buffer.alloc(size) }) as const

test('a program that goes on leaves no log', async () => {
  const path = join(temporaryFolder('log'), 'x.db')
  const store = await openStore(path)
  await store.commit([], [put('a', 1)])
  await store.close()
  expect(existsSync(`${path}-wal`)).toBe(false)
})

test('a command leaves its log to the next one, which reads it', async () => {
  const RDV_DATA_DIR = temporaryFolder('log')
  const rdv = (...words: string[]) =>
    promisify(execFile)(process.execPath, [program, ...words], {
      env: { ...process.env, RDV_DATA_DIR },
    })
  await rdv('signal', 'a', 'one')
  const log = join(RDV_DATA_DIR, 'rendezvous.db-wal')
  const before = readFileSync(log)
  expect((await rdv('get', 'a')).stdout).toBe('one\n')
  await rdv('signal', 'b', 'two')
  expect(readFileSync(log).equals(before)).toBe(false)
  expect((await rdv('list')).stdout.split('\n').map((line) => line.split('\t')[0])).toEqual([
    'a',
    'b',
    '',
  ])
})

test('a log that has grown long is moved into the file', async () => {
  const path = join(temporaryFolder('log'), 'x.db')
  const store = await openStore(path)
  await store.commit([], [put('a', 300_000)])
  await store.close({ ending: true })
  expect(existsSync(`${path}-wal`)).toBe(false)
  const next = await openStore(path)
  expect((await next.get('a'))?.value.byteLength).toBe(300_000)
  await next.close()
})
