import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Entry } from '../../src/backends/backend.ts'
import { open } from '../../src/open.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { follow } from '../../src/recipes/core/view.ts'
import { onTestFinished } from '../finished.ts'
import { findProgram } from '../services/fetch.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import type { Place, Running } from './rdv.ts'

/** The namespace of the commands in a place, for a look into the store itself. */
export const namespaceOf = async (place: Place): Promise<Namespace> => {
  const namespace = await open(place.env.RDV_BACKEND ?? `sqlite://${place.file}`, {
    env: place.env,
  })
  onTestFinished(() => namespace.backend.close())
  return namespace
}

/** Waits until `holds` is true for the store's keys below `rdv/pipe/`. */
export const untilKeys = async (
  namespace: Namespace,
  holds: (keys: readonly string[]) => boolean,
): Promise<ReadonlyMap<string, Entry>> => {
  const stop = new AbortController()
  for await (const view of follow(namespace.backend, 'rdv/pipe/', stop.signal)) {
    if (!view.interrupted && holds([...view.entries.keys()])) return view.entries
  }
  throw new Error('a watch does not end')
}

/** Waits until a group has this number of members. */
export const untilMembers = (namespace: Namespace, pipe: string, group: string, count: number) =>
  untilKeys(
    namespace,
    (keys) =>
      keys.filter((key) => key.startsWith(`rdv/pipe/${pipe}/${group}/member/`)).length === count,
  )

/** Waits for the address of a group. Returns it as other programs read it. */
export const urlOf = async (namespace: Namespace, pipe: string, group: string): Promise<string> => {
  const key = `rdv/pipe/${pipe}/${group}/url`
  const entries = await untilKeys(namespace, (keys) => keys.includes(key))
  return Buffer.from(entries.get(key)?.value ?? '').toString()
}

/** Starts one of nanomsg's own tools. */
export const startTool = (place: Place, name: 'nngcat' | 'nanocat', ...args: string[]): Running => {
  const { path, libraries = '' } = findProgram(name)
  return place.startSh(
    'export LD_LIBRARY_PATH="$1"; shift; exec stdbuf -oL "$@"',
    libraries,
    path,
    ...args,
  )
}

/** `1`, `2` and so on. */
export const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, i) => String(from + i))

/** The lines as one text. */
export const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('')

/** Sorts the lines by their numbers. */
export const sorted = (lines: readonly string[]): string[] =>
  [...lines].sort((a, b) => Number(a) - Number(b))

/** Starts a receiver whose stdout is a pipe that stays open and is never read. */
export const startStalled = (place: Place): Running =>
  place.startSh(
    'mkfifo "$1/out"; exec 3<>"$1/out"; exec rdv pipe receive jobs --group g >&3',
    temporaryFolder('stalled'),
  )

const figure = (file: string, name: string): number => {
  const [, number] = new RegExp(`^${name}:\\s*(\\d+)`, 'm').exec(readFileSync(file, 'utf8')) ?? []
  return Number(number)
}

/** The number of bytes that a process has read so far. */
export const bytesRead = (pid: number): number => figure(`/proc/${pid}/io`, 'rchar')

/** The peak memory of a process so far, in bytes. */
export const peakMemory = (pid: number): number => figure(`/proc/${pid}/status`, 'VmHWM') * 1024

/** Waits until a stalled process has stopped reading, from any descriptor. */
export const untilIdle = async (pid: number): Promise<void> => {
  for (let before = -1, quiet = 0; quiet < 5; ) {
    await sleep(100)
    const now = bytesRead(pid)
    quiet = now === before ? quiet + 1 : 0
    before = now
  }
}
