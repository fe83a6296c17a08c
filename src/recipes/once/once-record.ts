import { hostname } from 'node:os'
import type { Entry } from '../../backends/backend.ts'

/** The process that has done a step, and the time. Only `session` is compared; the other fields are for people. */
export interface OnceRecord {
  readonly host: string
  readonly pid: number
  readonly at: string
  readonly session: string
}

export const onceRecord = (lease: string): OnceRecord => ({
  host: hostname(),
  pid: process.pid,
  at: new Date().toISOString(),
  session: lease,
})

/** The fields of a record. Empty if another program wrote it. */
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
