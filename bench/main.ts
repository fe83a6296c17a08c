import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { startConsul } from '../test/services/consul.ts'
import { startEtcd } from '../test/services/etcd.ts'
import { findProgram } from '../test/services/fetch.ts'
import { measureCounterLoops } from './counter-loops.ts'
import { type Command, compareProcesses, type Sample } from './measure.ts'
import { rdv } from './rdv.ts'
import { IN_TRANSACTION, measureRawPuts, measureTopic } from './topic.ts'
import { measureControl, measureWakeUp } from './wake-up.ts'

const ROUNDS = process.argv.includes('--quick') ? 5 : 40

/** So many messages of 64 bytes go through a topic. */
const MESSAGES = ROUNDS * 5_000

const perSecond = (rate: number): string => `${Math.round(rate)} messages/s`

const milliseconds = (time: number): string => `${time.toFixed(1)} ms`

/** Ratios only mean something beside what they were measured against in the same run. */
const printComparison = (
  [mine, other]: readonly [Command, Command],
  samples: readonly Sample[],
): void => {
  const [a, b] = samples.map(({ p50 }) => p50)
  const ratio = ((a ?? 0) / (b ?? 1)).toFixed(2)
  const [file, ...words] = other.words
  const against = [
    file.split('/').at(-1),
    ...words.filter((word) => !word.startsWith('-') || word === '-e'),
  ].join(' ')
  console.log(
    `${mine.name}, whole process\t${milliseconds(a ?? 0)}\t${ratio} × ${against} (${milliseconds(b ?? 0)})`,
  )
}

const compare = (mine: Command, other: Command): void => {
  printComparison([mine, other], compareProcesses([mine, other], ROUNDS))
}

/** `rdv serve` in memory; resolves once it listens. */
const startServer = async (): Promise<{ url: string; stop(): void }> => {
  const { words, env } = rdv(['serve', '--listen', '127.0.0.1:0', '--json'])
  const child = spawn(words[0], words.slice(1), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const line = await new Promise<string>((resolve) =>
    child.stdout.once('data', (data) => resolve(String(data))),
  )
  return { url: (JSON.parse(line) as { url: string }).url, stop: () => child.kill() }
}

const main = async (): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'rdv-bench-'))
  const [server, etcd, consul] = await Promise.all([startServer(), startEtcd(), startConsul()])
  try {
    console.log(
      `# Node ${process.version}, ${cpus().length} × ${cpus()[0]?.model}, ${ROUNDS} rounds, medians`,
    )
    const node: Command = { name: 'node', words: [process.execPath, '-e', '0'] }
    compare(rdv(['signal', 'k'], { RDV_DATA_DIR: directory, RDV_BACKEND: '' }), node)
    const etcdctl = findProgram('etcdctl').path
    const endpoint = etcd.url.replace('etcd://', '')
    const put: Command = {
      name: 'etcdctl put',
      words: [etcdctl, `--endpoints=${endpoint}`, 'put', 'k', 'ready'],
      env: { ETCDCTL_API: '3' },
    }
    compare({ ...rdv(['signal', 'k'], { RDV_BACKEND: etcd.url }), name: 'rdv signal on etcd' }, put)
    const control = await measureControl(ROUNDS)
    console.log(
      `a plain Node process ends\tp50 ${milliseconds(control.p50)}\tp99 ${milliseconds(control.p99)}`,
    )
    const urls = {
      sqlite: `sqlite://${directory}/rendezvous.db`,
      http: server.url,
      etcd: etcd.url,
      consul: consul.url,
    }
    for (const [name, url] of Object.entries(urls)) {
      const { p50, p99 } = await measureWakeUp(url, ROUNDS)
      const ratio = (p50 / control.p50).toFixed(2)
      console.log(
        `wake-up on ${name}\tp50 ${milliseconds(p50)}\tp99 ${milliseconds(p99)}\t${ratio} × that`,
      )
    }
    for (const [name, url] of Object.entries(urls)) {
      const { alone, together } = await measureCounterLoops(url, ROUNDS)
      const ratio = (together / alone).toFixed(2)
      console.log(
        `8 shell loops of rdv counter inc on ${name}\t${together.toFixed(0)}/s\t${ratio} × one loop (${alone.toFixed(0)}/s)`,
      )
    }
    const raw = await measureRawPuts(etcd.url, MESSAGES)
    console.log(`raw puts on etcd, ${IN_TRANSACTION} in a transaction\t${perSecond(raw)}`)
    for (const [name, url] of Object.entries(urls)) {
      const rate = await measureTopic(url, MESSAGES)
      const ratio = name === 'etcd' ? `\t${(rate / raw).toFixed(2)} × raw puts` : ''
      console.log(`publish → subscribe on ${name}\t${perSecond(rate)}${ratio}`)
    }
  } finally {
    server.stop()
    await Promise.all([etcd.stop(), consul.stop()])
    await rm(directory, { recursive: true })
  }
}

await main()
