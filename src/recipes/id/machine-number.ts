import { hostname } from 'node:os'
import type { Entry, Precondition, Write } from '../../backends/backend.ts'
import { absent, heldBy, put, unchanged } from '../../backends/operations.ts'
import { LeaseGoneError, NoError } from '../../base/errors.ts'
import { randomInt } from '../../base/random.ts'
import { commitUntilAnswered } from '../core/commit.ts'
import { type Namespace, nameIn, prefixIn } from '../core/namespace.ts'
import { cleanupSignal, retry, retryUntilAvailable } from '../core/retry.ts'
import { Session } from '../core/session.ts'
import { boundWrites } from '../core/session-record.ts'

// rdv/id/NUMBER        held while a process makes ids with the number
// rdv/id/NUMBER/last   stays: ticks up to this one may no longer be used with the number

const NUMBERS = 65_536

/** A machine number that is held, and the ticks that may be used with it. */
export interface Machine {
  readonly number: number
  /** Each tick is later than every tick that was reserved with this number before. */
  readonly reserved: readonly number[]
  /** The same number with more ticks, none before `earliest`. `undefined` if the number is no longer held. */
  reserve(earliest: number, ticks: number, signal: AbortSignal): Promise<Machine | undefined>
  release(): Promise<void>
}

/**
 * Takes a number that no process holds. The ids stay unique even if the session is lost: ticks are reserved in the
 * store before they are used, so the next holder of the number starts after them.
 * @throws NoError all numbers are held.
 */
export const claimMachine = async (
  namespace: Namespace,
  earliest: number,
  ticks: number,
  signal: AbortSignal,
): Promise<Machine> => {
  let session = await Session.open(namespace.backend, { signal })
  try {
    return await retry({ signal }, async () => {
      if (session.lost.aborted) session = await Session.open(namespace.backend, { signal })
      const number = await chooseNumber(namespace, earliest, signal)
      return claim(namespace, session, number, earliest, ticks, signal)
    })
  } catch (error) {
    await session.close(cleanupSignal(signal))
    throw error
  }
}

/** Prefers a number that was used before, so that the number of keys does not grow. */
const chooseNumber = async (
  namespace: Namespace,
  earliest: number,
  signal: AbortSignal,
): Promise<number> => {
  const prefix = prefixIn(namespace, 'id')
  const { entries } = await retryUntilAvailable({ signal }, () =>
    namespace.backend.list(prefix, { signal }),
  )
  const held = new Set<number>()
  const last = new Map<number, number>()
  for (const { key, value } of entries) {
    const [, number, rest] = /^(\d+)(\/last)?$/.exec(nameIn(namespace, 'id', key)) ?? []
    if (rest) last.set(Number(number), Number(Buffer.from(value).toString()))
    else if (number) held.add(Number(number))
  }
  const free = [...last].filter(([number]) => !held.has(number))
  const usable = free.filter(([, tick]) => tick < earliest)
  if (usable.length > 0) return (usable[randomInt(usable.length)] ?? [0])[0]
  return freshNumber(new Set([...held, ...last.keys()])) ?? leastAhead(free)
}

const freshNumber = (known: ReadonlySet<number>): number | undefined => {
  const start = randomInt(NUMBERS)
  for (let i = 0; i < NUMBERS; i++) {
    const number = (start + i) % NUMBERS
    if (!known.has(number)) return number
  }
  return undefined
}

/** This machine's clock is behind the reserved ticks of every free number, so the ids are ahead of the clock. */
const leastAhead = (free: readonly (readonly [number, number])[]): number => {
  const [least] = [...free].sort(([, a], [, b]) => a - b)
  if (!least) throw new NoError('all 65536 machine numbers are in use: use another namespace')
  return least[0]
}

const claim = async (
  namespace: Namespace,
  session: Session,
  number: number,
  earliest: number,
  ticks: number,
  signal: AbortSignal,
): Promise<Machine | undefined> => {
  const key = `${prefixIn(namespace, 'id')}${number}`
  const reserve = (reservation: Reservation, until: AbortSignal) =>
    reserveTicks(namespace, session, key, reservation, until)
  const machine = (reserved: number[]): Machine => ({
    number,
    reserved,
    reserve: async (from, many, until) => {
      const held = { preconditions: [heldBy(key, session.id)], writes: [] }
      const more = await reserve({ ...held, earliest: from, ticks: many }, until)
      if (!more) await session.close(cleanupSignal())
      return more && machine(more)
    },
    release: () => session.close(cleanupSignal()),
  })
  const fresh = {
    preconditions: [absent(key)],
    writes: boundWrites(namespace, session.id, key, hostname()),
  }
  const reserved = await reserve({ ...fresh, earliest, ticks }, signal)
  return reserved && machine(reserved)
}

interface Reservation {
  readonly preconditions: readonly Precondition[]
  /** Writes in addition to that of the last tick. */
  readonly writes: readonly Write[]
  readonly earliest: number
  readonly ticks: number
}

/** `undefined` if another process holds the number, or if the lease is gone. Then the reserved ticks remain unused. */
const reserveTicks = async (
  { backend }: Namespace,
  session: Session,
  key: string,
  { preconditions, writes, earliest, ticks }: Reservation,
  signal: AbortSignal,
): Promise<number[] | undefined> => {
  const last = `${key}/last`
  const entry = await retryUntilAvailable({ signal }, () => backend.get(last, { signal }))
  const first = Math.max(earliest, tickIn(entry) + 1)
  const same = entry ? unchanged(last, entry.modRevision) : absent(last)
  const reservation = put(last, String(first + ticks - 1))
  // While this session holds the number, no other session reserves ticks of it.
  const isIn = (entries: readonly Entry[]) =>
    entries.some((one) => one.key === key && one.lease === session.id) &&
    entries.some((one) => one.key === last && tickIn(one) === first + ticks - 1)
  try {
    const all = [...preconditions, same]
    const { result } = await commitUntilAnswered(backend, all, [...writes, reservation], { signal })
    const applied = result.outcome === 'ok' || isIn(result.entries)
    return applied ? Array.from({ length: ticks }, (_, i) => first + i) : undefined
  } catch (error) {
    if (!(error instanceof LeaseGoneError)) throw error
    session.lose(error.message)
    return undefined
  }
}

const tickIn = (entry: Entry | undefined): number =>
  entry ? Number(Buffer.from(entry.value).toString()) || 0 : 0
