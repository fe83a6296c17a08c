import type { FlaggedEntry } from './store.ts'

/** By their flags `consul lock` tells what a `.lock` key is; as text, since a number of JavaScript has 53 bits. */
export const LOCK_FLAGS = '3304740253564472344'
export const SEMAPHORE_FLAGS = '16210313421097356768'

/** Flags are read rounded, in the same way on both sides; no other program's are that near. */
export const hasFlags = ({ flags }: FlaggedEntry, text: string): boolean => flags === Number(text)

/** How many may hold at once, and the sessions that do. */
export interface Semaphore {
  readonly limit: number
  readonly holders: readonly string[]
}

/** `undefined` where it is no semaphore. */
export const decodeSemaphore = (entry: FlaggedEntry): Semaphore | undefined => {
  if (!hasFlags(entry, SEMAPHORE_FLAGS)) return undefined
  try {
    const { Limit, Holders } = JSON.parse(Buffer.from(entry.value).toString())
    return Number.isInteger(Limit)
      ? { limit: Limit, holders: Object.keys(Holders ?? {}) }
      : undefined
  } catch {
    return undefined
  }
}

export const encodeSemaphore = ({ limit, holders }: Semaphore): string =>
  JSON.stringify({ Limit: limit, Holders: Object.fromEntries(holders.map((id) => [id, true])) })
