import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream, type ReadStream, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test, vi } from 'vitest'
import { childrenOf } from '../../src/child/command-processes.ts'
import { openProbe } from '../../src/probes/open.ts'
import { folder, look } from './servers.ts'

const createFifo = async (): Promise<string> => {
  const path = join(await folder(), 'fifo')
  execFileSync('sh', ['-c', 'mkfifo "$0"', path])
  return path
}

/** Opens once a process writes to the path, and ends when the last process that has it open is gone. */
const readerOf = (fifo: string): ReadStream => createReadStream(fifo).resume()

test('a command that exits with 0 is up', async () => {
  expect(await look('exec:exit 0')).toEqual({ up: true })
})

test('a command is for the shell', async () => {
  expect(await look('exec:test "$(echo a | tr a b)" = b && true')).toEqual({ up: true })
})

test('any other exit code is the reason, with the last line of stderr', async () => {
  const found = await look('exec:echo no >&2; echo "not yet" >&2; exit 3')
  expect(found).toEqual({ up: false, reason: 'exit code 3: not yet' })
  expect(await look('exec:exit 4')).toEqual({ up: false, reason: 'exit code 4' })
})

test('a signal that ended the command is the reason', async () => {
  expect(await look('exec:kill -SEGV $$')).toMatchObject({ up: false, reason: 'ended by SIGSEGV' })
})

test('stdin is empty', async () => {
  expect(await look('exec:! read line')).toEqual({ up: true })
})

test('a reason is one printable line without passwords', async () => {
  const found = await look(`exec:printf 'a\\033[31m\\tpostgres://me:hidden@h/\\n\\n' >&2; exit 1`)
  expect(found).toEqual({ up: false, reason: 'exit code 1: a [31m postgres://me:***@h/' })
})

test('one guard is for all commands', async () => {
  await Promise.all([look('exec:true'), look('exec:false'), look('exec:true')])
  await look('exec:true')
  const watchdogs = childrenOf(process.pid).filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('RDV_GUARD='),
  )
  expect(watchdogs).toHaveLength(1)
})

test('much stderr does not stop the command', async () => {
  const found = await look('exec:yes error | head -c 600000 >&2; exit 5')
  expect(found).toEqual({ up: false, reason: 'exit code 5: error' })
})

test('an abort kills the whole process group', async () => {
  const fifo = await createFifo()
  const controller = new AbortController()
  const reader = readerOf(fifo)
  const looking = openProbe(`exec:(trap '' TERM INT HUP; sleep 1000 >${fifo}) & wait`).check(
    controller.signal,
  )
  await once(reader, 'open')
  controller.abort(new Error('interrupted'))
  await expect(looking).rejects.toThrow('interrupted')
  await once(reader, 'end')
})

test('what an ended command left running is killed', async () => {
  const fifo = await createFifo()
  const reader = readerOf(fifo)
  const end = once(reader, 'end')
  expect(await look(`exec:sleep 1000 >${fifo} & exec 3>${fifo}; exit 0`)).toEqual({ up: true })
  await end
})

test('a daemon that keeps stderr open does not keep the look', async () => {
  const [started, goOn] = [await createFifo(), await createFifo()]
  const daemon = `setsid sh -c 'echo >${started}; read line <${goOn}' &`
  const found = await look(`exec:${daemon} read line <${started}; echo late >&2; exit 6`)
  expect(found).toEqual({ up: false, reason: 'exit code 6: late' })
  await writeFile(goOn, 'end')
})

test('a shell that is not there is a usage error', async () => {
  vi.stubEnv('PATH', await folder())
  await expect(look('exec:true')).rejects.toThrow(/^exec: probes need sh/)
  vi.unstubAllEnvs()
})
