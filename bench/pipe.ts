import { type ChildProcess, spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { node, rdv } from './commands.ts'
import { linesOf64 } from './lines.ts'
import type { Command } from './measure.ts'
import { type Bench, beside, perSecond, type Subject } from './row.ts'

/** The number of messages per round. */
const IN_A_ROUND = 10_000

/** Messages of 64 bytes a second, directly from one process to others. */
export const pipe: Subject = {
  name: 'pipe',
  title: 'Messages through a pipe',
  meaning: `Lines of 64 bytes from the stdin of \`rdv pipe send\` to the stdout of one \`rdv pipe receive\`, and of four that share them, from the
first line to the last. They are compared with the same lines copied by two Node processes through a TCP connection as plain bytes.`,
  plots: [{ title: 'Messages a second', of: 'figure' }],
  async *measure({ stores: { sqlite }, rounds }: Bench) {
    const count = rounds * IN_A_ROUND
    const plain = perSecond('plain TCP, Node to Node', await measureTcp(count))
    yield plain
    for (const receivers of [1, 4]) {
      const name = `send → ${receivers} × receive`
      yield beside(perSecond(name, await measurePipe(sqlite, receivers, count)), plain)
    }
  },
}

const measurePipe = (url: string, receivers: number, count: number): Promise<number> => {
  const name = `bench/${process.pid}/${receivers}`
  const receive = rdv(url, ['pipe', 'receive', name, '--group', 'g'])
  const takers = Array.from({ length: receivers }, () => start(receive))
  const send = ['pipe', 'send', name, '--group', 'g', '--min', String(receivers)]
  return rate(start(rdv(url, send)), takers, count)
}

const measureTcp = async (count: number): Promise<number> => {
  const taker = start(
    node(`const server = require('node:net').createServer((socket) => {
      server.close()
      socket.pipe(process.stdout)
    }).listen(0, '127.0.0.1', () => console.error(server.address().port))`),
  )
  const port = await new Promise<string>((resolve) =>
    taker.stderr?.once('data', (data) => resolve(String(data).trim())),
  )
  const giver = start(node(`process.stdin.pipe(require('node:net').connect(${port}, '127.0.0.1'))`))
  return rate(giver, [taker], count)
}

const start = ({ words: [file, ...args], env }: Command): ChildProcess =>
  spawn(file, args, { env: { ...process.env, ...env } })

/** Messages a second, from the first byte that a receiver prints to the last one. */
const rate = async (
  giver: ChildProcess,
  takers: readonly ChildProcess[],
  count: number,
): Promise<number> => {
  let bytes = 0
  let first = 0
  let last = 0
  for (const { stdout } of takers) {
    stdout?.on('data', (chunk: Buffer) => {
      last = performance.now()
      if (bytes === 0) first = last
      bytes += chunk.length
    })
  }
  linesOf64(count).pipe(giver.stdin as NodeJS.WritableStream)
  await Promise.all([giver, ...takers].map(ended))
  if (bytes !== 64 * count) throw new Error('messages are missing')
  return (1_000 * count) / (last - first)
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve, reject) => {
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`exit code ${code}`))))
  })
