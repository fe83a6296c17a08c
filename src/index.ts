/** The recipes of rendezvous for TypeScript programs. */
export type { Backend, Traits } from './backends/backend.ts'
export {
  ConflictError,
  CoordinationError,
  type ErrorKind,
  IndeterminateError,
  LeaseGoneError,
  LostError,
  NoError,
  TimeoutError,
  UnavailableError,
  UsageError,
} from './errors.ts'
export { open, type SpaceOptions } from './open.ts'
export { type ClearOptions, clear } from './recipes/clear.ts'
export type { Limits } from './recipes/deadline.ts'
export { getState as get } from './recipes/get.ts'
export { Hold } from './recipes/hold.ts'
export { list, type Signal, type SignalEvent, watchList } from './recipes/list.ts'
export { Membership, type MembershipOptions } from './recipes/membership.ts'
export type { SessionOptions } from './recipes/session.ts'
export { type SignalOptions, signal } from './recipes/signal.ts'
export type { Space } from './recipes/space.ts'
export { type WaitTargetsOptions, wait } from './recipes/wait/wait-targets.ts'
