import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostTarget } from '../scripts/bun.ts'
import { startEtcd } from '../test/services/etcd.ts'
import { findProgram } from '../test/services/fetch.ts'
import { type Command, compareProcesses } from './measure.ts'

/** A whole process of the executable, and of what it is measured by: medians in milliseconds. */
export interface StandaloneRow {
  readonly name: string
  readonly time: number
  readonly by: string
  readonly reference: number
}

const executable = join(import.meta.dirname, `../standalone/rdv-${hostTarget()}`)

/** The executable against `etcdctl` on etcd, and against `node -e 0` on the default backend; it must have been made. */
export const measureStandalone = async (rounds: number): Promise<StandaloneRow[]> => {
  if (!existsSync(executable)) throw new Error(`${executable} is not there: npm run standalone`)
  const folder = await mkdtemp(join(tmpdir(), 'rdv-bench-'))
  const etcd = await startEtcd()
  try {
    const pairs = [...onEtcd(etcd.url), ...onTheDefault(folder)]
    const samples = compareProcesses(pairs.flat(), rounds)
    return pairs.map(([ours, theirs], index) => ({
      name: ours.name,
      time: samples[2 * index]?.p50 ?? 0,
      by: theirs.name,
      reference: samples[2 * index + 1]?.p50 ?? 0,
    }))
  } finally {
    await etcd.stop()
    await rm(folder, { recursive: true })
  }
}

type Pair = readonly [ours: Command, theirs: Command]

const onEtcd = (url: string): Pair[] => {
  const env = { RDV_BACKEND: url }
  const etcdctl = (...words: string[]): Command => ({
    name: `etcdctl ${words[0]}`,
    words: [findProgram('etcdctl').path, `--endpoints=${url.replace('etcd://', '')}`, ...words],
    env: { ETCDCTL_API: '3' },
  })
  return [
    [ours('on etcd', ['signal', 'k'], env), etcdctl('put', 'k', 'ready')],
    [ours('on etcd', ['get', 'k'], env), etcdctl('get', 'k')],
  ]
}

const onTheDefault = (folder: string): Pair[] => {
  const env = { RDV_BACKEND: '', RDV_DATA_DIR: folder }
  const node: Command = { name: 'node -e 0', words: [process.execPath, '-e', '0'] }
  const commands = [
    ['signal', 'k'],
    ['get', 'k'],
    ['counter', 'inc', 'c'],
  ]
  return commands.map((words) => [ours('on the default backend', words, env), node])
}

const ours = (where: string, words: readonly string[], env: Command['env']): Command => ({
  name: `rdv ${words.join(' ')} ${where}`,
  words: [executable, ...words],
  env,
})
