import type { FastifyReply } from 'fastify'
import { TimeoutError } from '../../base/errors.ts'
import type { Progress } from '../../recipes/wait/tally.ts'
import { clientOf } from '../activity/client.ts'
import type { Awaited } from '../activity/waits.ts'
import type { ServerContext } from '../context.ts'
import { timedOut } from '../http/responses.ts'

/** The limits of a wait, and the callback that learns what is missing. */
export interface WaitLimits {
  readonly timeout: number
  readonly signal: AbortSignal
  readonly progress: (state: Progress) => void
}

interface Wait<T> {
  /** The path of the wait, as it is listed. */
  readonly path: string
  /** Further facts about the wait. */
  readonly about?: Partial<Awaited>
  /** Milliseconds. `undefined`: the server's default. */
  readonly timeout: number | undefined
  /** The name that the client gives itself. */
  readonly by?: string | undefined
  readonly reply: FastifyReply
  /** The signal aborts when the client has gone, or when the server stops. */
  wait(limits: WaitLimits): Promise<T>
  answer(result: T, signal: AbortSignal): unknown
}

/** The time limit, in milliseconds, of requests that are answered at once, including their retries. */
export const IMMEDIATE = { timeout: 5_000 } as const

/**
 * Waits for a recipe as long as the client is connected. After the time limit, the response is 404 with a hint that
 * says what was missing.
 */
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

/** `/_counter/builds` is listed as `counter builds`, like a wait that rdv announces. */
const inWords = (path: string): string => path.replace(/^\/_(\w+)\//, '$1 ')
