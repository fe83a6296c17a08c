import { hostname } from 'node:os'
import type { Entry } from '../../backends/backend.ts'

/** Who has done something, and when. For people; the session tells whose it is. */
export interface OnceRecord {
  readonly host: string
  readonly pid: number
  readonly at: string
  readonly session: string
}

/** The record of this process. */
export const onceRecord = (lease: string): OnceRecord => ({
  host: hostname(),
  pid: process.pid,
  at: new Date().toISOString(),
  session: lease,
})

/** What a record tells: nothing if another program wrote it. */
export const parseOnceRecord = ({ value }: Entry): Partial<OnceRecord> => {
  try {
    const { host, pid, at, session } = JSON.parse(Buffer.from(value).toString()) ?? {}
    return {
      ...(typeof host === 'string' && { host }),
      ...(typeof pid === 'number' && { pid }),
      ...(typeof at === 'string' && { at }),
      ...(typeof session === 'string' && { session }),
    }
  } catch {
    return {}
  }
}
