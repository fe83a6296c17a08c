import { UsageError } from '../../base/errors.ts'
import { reasonFor } from '../../base/reason.ts'
import { printable } from '../../base/redact.ts'
import { addressesOf } from '../addresses.ts'
import { down, unknown, up } from '../attempt.ts'
import type { ProbeResult } from '../probe.ts'
import { isAbsence } from './absence.ts'
import { atAddress, type ServerAddress } from './address.ts'
import { type Attempt, firstDecided, firstReached, inTurn } from './in-turn.ts'
import { readLogin, readPassword } from './login.ts'
import type { Outcome } from './outcome.ts'
import { peerOf } from './peer.ts'
import { isSocket } from './settings.ts'
import type { Host, Login, Settings } from './wanted.ts'

/** Resolves a host to the addresses to connect to. */
type Resolve = (host: string) => Promise<string[]>

interface Plan {
  readonly settings: Settings
  readonly login: Login
  readonly resolve: Resolve
  /** A value of `target_session_attrs`. */
  readonly wanted: string
}

/**
 * Tries the hosts in libpq's order. The result is up once one host opens a session of the wanted kind and answers
 * `SELECT 1`.
 */
export const checkHosts = async (
  settings: Settings,
  signal: AbortSignal,
  resolve: Resolve = addressesOf,
): Promise<ProbeResult> => {
  const login = await readLogin(settings)
  const wanted = settings.of('target_session_attrs') || 'any'
  const among = (kind: string) =>
    amongHosts({ settings, login, resolve, wanted: kind })(signal, () => {})
  const prefers = wanted === 'prefer-standby'
  const first = await among(prefers ? 'standby' : wanted)
  const found = prefers && !firstDecided.decides(first) ? await among('any') : first
  if (found.end === 'up') return up
  return found.absent ? down(found.reason) : unknown(found.reason)
}

const amongHosts = (plan: Plan): Attempt =>
  inTurn(
    ordered(plan, plan.settings.hosts).map((host) => atHost(plan, host)),
    firstDecided,
  )

const atHost =
  (plan: Plan, host: Host): Attempt =>
  async (signal, reached) =>
    named(plan, host, await atAddresses(plan, host, signal, reached))

const atAddresses = async (
  plan: Plan,
  host: Host,
  signal: AbortSignal,
  reached: () => void,
): Promise<Outcome> => {
  const { settings, login, wanted } = plan
  const found = await readPassword(settings, host, login)
  const session = { ...login, ...found, settings, wanted }
  const places = await placesOf(plan, host)
  if ('end' in places) return places
  const attempts = ordered(plan, places).map((peer) => atAddress({ host, peer, session }))
  return inTurn(attempts, firstReached)(signal, reached)
}

/** Returns the addresses to connect to. A host whose name does not resolve is passed over. */
const placesOf = async (
  { resolve }: Plan,
  host: Host,
): Promise<readonly ServerAddress['peer'][] | Outcome> => {
  if (isSocket(host)) return [peerOf(host, host.name)]
  await checkAddress(host)
  try {
    const addresses = await resolve(host.address || host.name)
    return addresses.map((address) => peerOf(host, address))
  } catch (error) {
    const reason = reasonFor(error)
    if (reason === undefined) throw error
    return { end: 'next-host', reason, absent: isAbsence(error) }
  }
}

const checkAddress = async ({ address }: Host): Promise<void> => {
  const { isIP } = await import('node:net')
  if (address !== '' && isIP(address) === 0)
    throw new UsageError(
      `hostaddr=${printable(address)} is not an address: write a name as the host`,
    )
}

/** If there are several hosts, the reason names the host. */
const named = ({ settings }: Plan, { name, address, port }: Host, outcome: Outcome): Outcome => {
  if (outcome.end === 'up' || settings.hosts.length === 1) return outcome
  return { ...outcome, reason: `${name || address}:${port}: ${outcome.reason}` }
}

const ordered = <T>({ settings }: Plan, all: readonly T[]): readonly T[] =>
  settings.of('load_balance_hosts') === 'random' ? shuffled(all) : all

const shuffled = <T>(all: readonly T[]): T[] =>
  all
    .map((one) => ({ one, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .map(({ one }) => one)
