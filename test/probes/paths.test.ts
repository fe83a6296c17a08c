import { once } from 'node:events'
import { symlink, unlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { folder, look } from './servers.ts'

test('a file is up once it exists', async () => {
  const path = join(await folder(), 'ready')
  expect(await look(`file://${path}`)).toEqual({ up: false, reason: 'does not exist' })
  await writeFile(path, '')
  expect(await look(`file://${path}`)).toEqual({ up: true })
})

test('a file below a file is not there', async () => {
  const path = join(await folder(), 'file')
  await writeFile(path, '')
  expect(await look(`file://${path}/below`)).toEqual({ up: false, reason: 'does not exist' })
})

test('a folder is up', async () => {
  expect(await look(`file://${await folder()}`)).toEqual({ up: true })
})

test('a file is up behind a symbolic link, a dangling link is not', async () => {
  const path = join(await folder(), 'file')
  await symlink(path, `${path}-link`)
  expect((await look(`file://${path}-link`)).up).toBe(false)
  await writeFile(path, '')
  expect((await look(`file://${path}-link`)).up).toBe(true)
})

test('a path may have spaces and percent-encoded characters', async () => {
  const path = join(await folder(), 'a file #1')
  await writeFile(path, '')
  expect(await look(`file://${path.replace('#', '%23')}`)).toEqual({ up: true })
})

test('a Unix socket is up while a server listens on it', async () => {
  const path = join(await folder(), 'socket')
  expect(await look(`unix://${path}`)).toEqual({ up: false, reason: 'does not exist' })
  const server = createServer().listen(path)
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  expect(await look(`unix://${path}`)).toEqual({ up: true })
})

test('a file is no Unix socket', async () => {
  const path = join(await folder(), 'socket')
  await writeFile(path, '')
  expect(await look(`unix://${path}`)).toEqual({ up: false, reason: 'connection refused' })
  await unlink(path)
})
