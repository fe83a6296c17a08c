import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startConsul } from '../test/services/consul.ts'
import { startEtcd } from '../test/services/etcd.ts'
import { rdv } from './commands.ts'

/** The URL of one store of each kind, by the name that the rows use. */
export interface Stores {
  readonly sqlite: string
  readonly http: string
  readonly etcd: string
  readonly consul: string
}

/** Runs `body` while all stores are running. */
export const withStores = async <T>(body: (stores: Stores) => Promise<T>): Promise<T> => {
  const directory = await mkdtemp(join(tmpdir(), 'rdv-bench-'))
  const [server, etcd, consul] = await Promise.all([startServer(), startEtcd(), startConsul()])
  try {
    return await body({
      sqlite: `sqlite://${directory}/rendezvous.db`,
      http: server.url,
      etcd: etcd.url,
      consul: consul.url,
    })
  } finally {
    server.stop()
    await Promise.all([etcd.stop(), consul.stop()])
    await rm(directory, { recursive: true })
  }
}

/** Starts `rdv serve` in memory. Resolves once it listens. */
const startServer = async (): Promise<{ url: string; stop(): void }> => {
  const { words, env } = rdv(undefined, ['serve', '--listen', '127.0.0.1:0', '--json'])
  const child = spawn(words[0], words.slice(1), {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const line = await new Promise<string>((resolve) =>
    child.stdout.once('data', (data) => resolve(String(data))),
  )
  return { url: (JSON.parse(line) as { url: string }).url, stop: () => child.kill() }
}
