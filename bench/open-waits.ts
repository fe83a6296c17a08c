import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { rdv } from './rdv.ts'

/** So many processes share the connections. */
const CROWDS = 2

/** What many open waits cost a server. */
export interface OpenWaits {
  readonly waits: number
  /** Resident memory of the server that one more wait takes, KiB. */
  readonly memory: number
  /** From the PUT's beginning until the last one has its answer, milliseconds. */
  readonly release: number
  /** What a whole `rdv status` takes meanwhile, milliseconds. */
  readonly status: number
}

/** So many `GET /crowd` on one server in memory, all released by one PUT. */
export const measureOpenWaits = async (waits: number): Promise<OpenWaits> => {
  const { words, env } = rdv(['serve', '--listen', '127.0.0.1:0', '--json'])
  const [file, ...args] = words
  const server = spawn(file, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  try {
    const [line] = await once(server.stdout, 'data')
    const { url } = JSON.parse(String(line)) as { url: string }
    return await crowd(url, server.pid ?? 0, waits)
  } finally {
    server.kill()
    await once(server, 'exit')
  }
}

const crowd = async (url: string, pid: number, waits: number): Promise<OpenWaits> => {
  // what the first requests make the server load and compile is no wait's
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
  const { words, env } = rdv(['status'], { RDV_BACKEND: url })
  const [file, ...args] = words
  const child = spawn(file, args, { env: { ...process.env, ...env }, stdio: 'ignore' })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`rdv status ended with ${code}`)
  return performance.now() - began
}

/** KiB */
const residentMemory = (pid: number): number => {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1])
}
