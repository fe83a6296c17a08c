import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { rdv } from './commands.ts'
import { type Bench, kibibytes, limited, milliseconds, type Subject } from './row.ts'

/** The number of processes that share the connections evenly. */
const CROWDS = 2

/** The number of open waits for each round. */
const WAITS_A_ROUND = 500

/** The memory that one more wait takes on a server with many waits, and the time until all waits are answered. */
export const openWaits: Subject = {
  name: 'open-waits',
  title: 'Many open waits on one server',
  meaning: `Many \`GET /KEY\` wait on one \`rdv serve\` in memory, and one signal releases all of them. The limits: each wait takes 15 KiB of the
server's memory, and all waits have their answers after 2 seconds. The time of another request during that is shown too.`,
  plots: [
    { title: 'Time', of: 'figure', rows: /PUT|status/ },
    { title: 'Memory', of: 'figure', rows: /memory/ },
  ],
  async *measure({ rounds, onNote }: Bench) {
    const wanted = rounds * WAITS_A_ROUND
    const { waits, memory, release, status } = await measureOpenWaits(wanted)
    if (waits < wanted) onNote(`On this machine a process may not have ${wanted} connections open.`)
    const each = kibibytes(`a server's memory for each of ${waits} open waits`, memory)
    yield limited(each, 'figure', 'most', 15)
    const all = milliseconds(`one PUT until ${waits} waits are answered`, release)
    yield limited(all, 'figure', 'most', 2_000)
    yield milliseconds(`rdv status meanwhile, whole process`, status)
  },
}

interface OpenWaits {
  /** The number of waits: as wanted, or limited by the server's open files. */
  readonly waits: number
  /** Resident memory of the server for each wait, in KiB. */
  readonly memory: number
  /** The time from the start of the PUT until the last wait has its answer, in milliseconds. */
  readonly release: number
  /** The time of a whole `rdv status` process meanwhile, in milliseconds. */
  readonly status: number
}

/** Raises the limit of open files if that is allowed, and becomes the server. */
const ROOM = 'ulimit -n 40000 2>/dev/null; exec "$@"'

/** The server's descriptors that are not waits. */
const OTHERS = 500

/** Opens many `GET /crowd` on one server in memory, and releases all of them by one PUT. */
const measureOpenWaits = async (wanted: number): Promise<OpenWaits> => {
  const { words, env } = rdv(undefined, ['serve', '--listen', '127.0.0.1:0', '--json', '--quiet'])
  const server = spawn('/bin/sh', ['-c', ROOM, 'sh', ...words], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = await once(server.stdout, 'data')
    const { url } = JSON.parse(String(line)) as { url: string }
    const pid = server.pid ?? 0
    return await crowd(url, pid, Math.min(wanted, openFiles(pid) - OTHERS))
  } finally {
    server.kill()
    await once(server, 'exit')
  }
}

const crowd = async (url: string, pid: number, waits: number): Promise<OpenWaits> => {
  // the memory of modules that the first requests load and compile does not count as memory of the waits
  await fetch(`${url}/warm`, { method: 'PUT' })
  await fetch(`${url}/warm`)
  const before = residentMemory(pid)
  const script = join(import.meta.dirname, 'crowd.ts')
  const crowds = Array.from({ length: CROWDS }, () => fork(script, [url, String(waits / CROWDS)]))
  try {
    await Promise.all(crowds.map((one) => once(one, 'message')))
    await sleep(2_000)
    const memory = (residentMemory(pid) - before) / waits
    const status = await timeStatus(url)
    const answered = Promise.all(crowds.map((one) => once(one, 'message')))
    const began = performance.now()
    await fetch(`${url}/crowd`, { method: 'PUT' })
    await answered
    return { waits, memory, release: performance.now() - began, status }
  } finally {
    for (const one of crowds) one.kill()
  }
}

const timeStatus = async (url: string): Promise<number> => {
  const began = performance.now()
  const { words, env } = rdv(url, ['status'])
  const [file, ...args] = words
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`rdv status ended with ${code}`)
  return performance.now() - began
}

/** The limit of open files of a process. */
const openFiles = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/limits`, 'utf8')
  return Number(/^Max open files\s+(\d+)/m.exec(text)?.[1] ?? Number.POSITIVE_INFINITY)
}

/** In KiB. */
const residentMemory = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1])
}
