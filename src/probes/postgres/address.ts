import type { Socket } from 'node:net'
import { untilAborted } from '../../base/abort.ts'
import { describeFailure, reasonFor } from '../../base/reason.ts'
import { printable } from '../../base/redact.ts'
import { dial, type Peer } from '../dial.ts'
import { isAbsence } from './absence.ts'
import { askForTls, encrypt, isDirect } from './encryption.ts'
import type { Attempt } from './in-turn.ts'
import { Hindrance, type Outcome, stopped } from './outcome.ts'
import { runSession } from './session.ts'
import { isSocket } from './settings.ts'
import type { Host, Session, Settings } from './wanted.ts'

/** One address of one host, and the session to open there. */
export interface ServerAddress {
  readonly host: Host
  readonly peer: Peer
  readonly session: Session
}

type Mode = 'plain' | 'tls'

/** Tries one address with TLS, without TLS, or both, as `sslmode` requires. */
export const atAddress =
  (place: ServerAddress): Attempt =>
  (signal, reached) =>
    withinTimeout(place.session.settings, signal, (either) =>
      inModes(modesOf(place), (mode) => connectOnce(place, mode, either, reached)),
    )

/** libpq never asks for TLS on a Unix socket, whatever the mode. */
const modesOf = ({ host, session: { settings } }: ServerAddress): readonly Mode[] => {
  if (isSocket(host)) return ['plain']
  const several: Readonly<Record<string, readonly Mode[]>> = {
    disable: ['plain'],
    allow: ['plain', 'tls'],
    prefer: ['tls', 'plain'],
  }
  return several[settings.sslmode] ?? ['tls']
}

const inModes = async (
  modes: readonly Mode[],
  connect: (mode: Mode) => Promise<Outcome>,
): Promise<Outcome> => {
  let before = ''
  let absent = true
  for (const mode of modes) {
    const outcome = await connect(mode)
    if (outcome.end === 'up') return outcome
    const reason = both(before, mode, outcome.reason)
    absent &&= outcome.absent ?? false
    if (outcome.end !== 'other-mode') return { ...outcome, reason, absent }
    before = reason
  }
  return stopped(before, absent)
}

const both = (before: string, mode: Mode, reason: string): string => {
  if (before === '' || before === reason) return reason
  return `${before}; ${mode === 'tls' ? 'with' : 'without'} TLS: ${reason}`
}

const connectOnce = async (
  place: ServerAddress,
  mode: Mode,
  signal: AbortSignal,
  reached: () => void,
): Promise<Outcome> => {
  try {
    return await dial(place.peer, signal, (socket) => {
      reached()
      return mode === 'tls' ? overTls(socket, place) : runSession(socket, place.session)
    })
  } catch (error) {
    signal.throwIfAborted()
    const reason = reasonFor(error)
    if (reason === undefined) throw error
    return { end: 'next-address', reason, absent: isAbsence(error) }
  }
}

const overTls = async (socket: Socket, place: ServerAddress): Promise<Outcome> => {
  const { settings } = place.session
  const answer = isDirect(settings) ? 'yes' : await askForTls(socket).catch(hindrance)
  if (answer === 'yes') return encrypted(socket, place)
  if (answer instanceof Hindrance) return stopped(answer.message, answer.absent)
  if (answer === 'nonsense') return stopped('does not speak PostgreSQL', true)
  if (settings.sslmode !== 'prefer') return stopped('the server offers no TLS')
  return last(await runSession(socket, place.session))
}

const encrypted = async (socket: Socket, { host, session }: ServerAddress): Promise<Outcome> => {
  const secure = await encrypt(socket, host, session.settings).catch(hindrance)
  if (secure instanceof Hindrance) {
    return { end: 'other-mode', reason: secure.message, absent: secure.absent }
  }
  try {
    return await runSession(secure, session)
  } finally {
    secure.destroy()
  }
}

const hindrance = (error: unknown): Hindrance =>
  error instanceof Hindrance
    ? error
    : new Hindrance(printable(describeFailure(error)), isAbsence(error))

/** Makes an outcome final if it asks for another mode, because no other mode is left. */
const last = (outcome: Outcome): Outcome =>
  outcome.end === 'other-mode' ? stopped(outcome.reason) : outcome

/**
 * Returns `connect_timeout` in seconds, at least 2 as in libpq, or 0 for no limit. The limit applies to each address
 * separately.
 */
const timeoutOf = ({ of }: Settings): number => {
  const seconds = Number(of('connect_timeout'))
  return seconds > 0 ? Math.max(seconds, 2) : 0
}

const maxTimer = 2 ** 31 - 1

const withinTimeout = async (
  settings: Settings,
  signal: AbortSignal,
  attempt: (either: AbortSignal) => Promise<Outcome>,
): Promise<Outcome> => {
  const seconds = timeoutOf(settings)
  if (seconds === 0) return attempt(signal)
  const over = new AbortController()
  const timer = setTimeout(() => over.abort(), Math.min(seconds * 1000, maxTimer))
  const either = AbortSignal.any([signal, over.signal])
  try {
    return await untilAborted(either, attempt(either))
  } catch (error) {
    signal.throwIfAborted()
    if (!over.signal.aborted) throw error
    return { end: 'next-address', reason: `no answer within ${seconds}s` }
  } finally {
    clearTimeout(timer)
  }
}
