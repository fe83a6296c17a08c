import { type Stats, statSync } from 'node:fs'
import { uptime } from 'node:os'
import type { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { now } from '../../base/clock.ts'
import type { CallOptions } from '../backend.ts'
import { bootId } from '../process-identity.ts'
import { inTransaction, readEpoch } from './database.ts'
import { TakenOverError } from './errors.ts'

/**
 * Takes over a store that was used under another boot id. Usually the reason is that this machine was started again. If
 * the file was written after that start, another machine may share it. Then its holders keep their leases for a whole
 * TTL.
 * @throws TakenOverError another machine still writes to the store.
 */
export const beginEpoch = async (
  path: string,
  connection: DatabaseSync,
  call: CallOptions,
): Promise<void> => {
  const mayLive = isNewerThanStart(path)
  if (mayLive) await requireStill(path, connection, call)
  inTransaction(connection, () => readEpoch(connection).restarted && rearm(connection, mayLive))
}

const logOf = (path: string): Stats | undefined =>
  statSync(`${path}-wal`, { throwIfNoEntry: false })

const isNewerThanStart = (path: string): boolean =>
  (logOf(path)?.mtimeMs ?? 0) > Date.now() - uptime() * 1_000

/** Milliseconds: the longest time to watch the log, and how late a renewal may be. */
const MAX_WAIT = 4_000
const RENEWAL_GRACE = 1_000

/** Milliseconds between two checks. */
const CHECK_INTERVAL = 50

/**
 * Waits until a living holder would have renewed its lease. Sessions renew every fifth of their TTL.
 * @throws TakenOverError the log was written in the meantime.
 */
const requireStill = async (
  path: string,
  connection: DatabaseSync,
  { signal }: CallOptions,
): Promise<void> => {
  const row = connection
    .prepare('SELECT max(ttl) AS ttl FROM lease WHERE owner IS NOT NULL AND instr(owner, ?) = 0')
    .get(bootId())
  if (typeof row?.ttl !== 'number') return
  const before = logOf(path)
  const end = now() + Math.min(MAX_WAIT, row.ttl / 5 + RENEWAL_GRACE)
  while (now() < end) {
    await sleep(CHECK_INTERVAL, undefined, { signal }).catch(() => {})
    signal?.throwIfAborted()
    const after = logOf(path)
    // Another process of this machine may have taken over the store first.
    if (!readEpoch(connection).restarted) return
    if (after?.mtimeMs !== before?.mtimeMs || after?.size !== before?.size)
      throw new TakenOverError()
  }
}

/**
 * After a start of the machine, none of its earlier processes can be alive, and earlier monotonic times mean nothing. A
 * lease whose holder may be alive elsewhere gets its whole TTL again. A loss of power may have removed the newest
 * commits, so the revision continues above every revision that can have been given out.
 */
const rearm = (connection: DatabaseSync, mayLive: boolean): void => {
  const boot = bootId()
  connection
    .prepare(
      `UPDATE lease SET expires = $now + iif(owner IS NULL OR $mayLive OR instr(owner, $boot) > 0, ttl, 0),
       owner = iif(instr(owner, $boot) > 0, owner, NULL)`,
    )
    .run({ now: now(), mayLive: Number(mayLive), boot })
  connection
    .prepare('UPDATE store SET boot = ?, revision = max(revision + 1, ?)')
    .run(boot, Date.now() * 1000)
}
