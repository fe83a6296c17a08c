import type { FlaggedEntry } from './store.ts'

/** The flags by which `consul lock` marks a `.lock` key. They are text, because a number in JavaScript has 53 bits. */
export const LOCK_FLAGS = '3304740253564472344'
export const SEMAPHORE_FLAGS = '16210313421097356768'

/** Flags are read rounded, and the text is rounded in the same way. No other program's flags are that close to it. */
export const hasFlags = ({ flags }: FlaggedEntry, text: string): boolean => flags === Number(text)

/** The number of sessions that may hold at once, and the sessions that do. */
export interface Semaphore {
  readonly limit: number
  readonly holders: readonly string[]
}

/** `undefined` if the entry is not a semaphore. */
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
