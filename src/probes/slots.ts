import { readdirSync } from 'node:fs'
import { untilAborted } from '../base/abort.ts'
import { openFileLimit } from '../base/open-files.ts'

/** The number of checks that may always run. The limit of open files is not read for them. */
const always = 8

/** The most files that one check opens: two addresses, or the pipes of a command. */
const filesPerCheck = 4

/** Descriptors that are reserved for the store and the rest of the program. */
const reserve = 24

/** The assumed limit if the system's limit cannot be read. It is the smallest usual one. */
const defaultLimit = 256

/** Milliseconds for which a count of open files stays valid. */
const countFor = 1000

let under = 0
const queue: (() => void)[] = []
let counted = { at: Number.NEGATIVE_INFINITY, room: always }

/**
 * Runs a check once there are descriptors for it, in the order of arrival. If a wait has more targets than this process
 * may open files, the checks take turns, and each check gets its turn.
 * @throws the signal's reason once the signal aborts.
 */
export const withSlot = async <T>(signal: AbortSignal, check: () => Promise<T>): Promise<T> => {
  await enter(signal)
  try {
    return await check()
  } finally {
    leave()
  }
}

const enter = async (signal: AbortSignal): Promise<void> => {
  if (queue.length === 0 && hasRoom()) {
    under++
    return
  }
  const { promise, resolve } = Promise.withResolvers<void>()
  queue.push(resolve)
  try {
    await untilAborted(signal, promise)
  } catch (error) {
    const place = queue.indexOf(resolve)
    if (place !== -1) queue.splice(place, 1)
    else leave()
    throw error
  }
}

const leave = (): void => {
  under--
  admit()
}

const admit = (): void => {
  while (queue.length > 0 && hasRoom()) {
    under++
    queue.shift()?.()
  }
}

const hasRoom = (): boolean => under < always || under < room()

const room = (): number => {
  const now = performance.now()
  if (now - counted.at >= countFor) counted = { at: now, room: count() }
  return counted.room
}

/** Returns how many checks may run. The files of running checks are already among the open ones. */
const count = (): number => {
  const limit = openFileLimit('self')?.soft ?? defaultLimit
  const others = Math.max(0, openFiles() - under * filesPerCheck)
  return Math.floor((limit - reserve - others) / filesPerCheck)
}

const openFiles = (): number => {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return 0
  }
}
