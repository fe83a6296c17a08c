import type { FastifyReply } from 'fastify'
import { TimeoutError } from '../../base/errors.ts'
import type { Progress } from '../../recipes/wait/tally.ts'
import { clientOf } from '../activity/client.ts'
import type { Awaited } from '../activity/waits.ts'
import type { ServerContext } from '../context.ts'
import { timedOut } from '../http/responses.ts'

/** When a wait ends at the latest, and whom it tells what is missing. */
export interface WaitLimits {
  readonly timeout: number
  readonly signal: AbortSignal
  readonly progress: (state: Progress) => void
}

interface Wait<T> {
  /** What is waited for, as it is listed. */
  readonly path: string
  /** What is known of that besides. */
  readonly about?: Partial<Awaited>
  /** Milliseconds; the server's own where nothing is said. */
  readonly timeout: number | undefined
  /** What the client calls itself. */
  readonly by?: string | undefined
  readonly reply: FastifyReply
  /** The signal aborts when the client has gone, or with the server. */
  wait(limits: WaitLimits): Promise<T>
  answer(result: T, signal: AbortSignal): unknown
}

/** Milliseconds that what is answered at once may take, with its retries. */
export const IMMEDIATE = { timeout: 5_000 } as const

/** Waits for a recipe as long as the client is there; when its time is up: 404, with what it was short of. */
export const handleWait = async <T>(
  { open, waits, timeout: usual }: ServerContext,
  { path, about, timeout = usual, by, reply, wait, answer }: Wait<T>,
): Promise<unknown> => {
  const signal = open.begin(reply.raw)
  let reason: string | undefined
  const progress = ([state]: Progress) => {
    reason = state?.reason
  }
  const detail = { kind: kindOf(path), why: () => reason, ...about?.detail }
  const known = { target: inWords(path), waiter: clientOf(reply.request, by), ...about, detail }
  try {
    const result = await waits.during(path, () => wait({ timeout, signal, progress }), known)
    return await answer(result, signal)
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error
    const { status, body } = timedOut(error.pending[0]?.reason)
    return reply.code(status).send(body)
  }
}

const KINDS = ['counter', 'waitgroup', 'lock', 'election', 'barrier'] as const

const kindOf = (path: string) => KINDS.find((kind) => path.startsWith(`/_${kind}/`))

/** `/_counter/builds` is told as `counter builds`, as of who waits for it with rdv. */
const inWords = (path: string): string => path.replace(/^\/_(\w+)\//, '$1 ')
