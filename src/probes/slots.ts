import { readdirSync } from 'node:fs'
import { untilAborted } from '../base/abort.ts'
import { openFileLimit } from '../base/open-files.ts'

/** So many looks are never too many: the limit is not even asked for. */
const always = 8

/** What a check may have open: two addresses, or the pipes of a command. */
const filesPerCheck = 4

/** Descriptors that are left to the store and to the rest of the program. */
const reserve = 24

/** Where the limit cannot be seen, it is taken to be the smallest usual one. */
const defaultLimit = 256

/** Milliseconds for which what was counted holds. */
const countFor = 1000

let under = 0
const queue: (() => void)[] = []
let counted = { at: Number.NEGATIVE_INFINITY, room: always }

/**
 * Runs a check once there are descriptors for it: those that come first are first. Who looks at more things than this
 * process may have files open takes turns, and none is left out.
 * @throws the signal's reason once it aborts.
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

/** Those that are under way have some of the open files. */
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
