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
} from './base/errors.ts'
export { type NamespaceOptions, open } from './open.ts'
export { barrier } from './recipes/barrier/barrier.ts'
export type { BarrierOptions } from './recipes/barrier/options.ts'
export { type ClearOptions, clear } from './recipes/clear.ts'
export type { Limits } from './recipes/core/deadline.ts'
export type { Namespace } from './recipes/core/namespace.ts'
export type { SessionOptions } from './recipes/core/session.ts'
export {
  type AddOptions,
  Counter,
  type CounterGoal,
  type CounterWaitOptions,
  type SetOptions,
} from './recipes/counter.ts'
export {
  type CampaignOptions,
  type Candidate,
  Leadership,
  leader,
  watchCandidates,
  watchLeader,
} from './recipes/election.ts'
export { getState as get } from './recipes/get.ts'
export { Hold } from './recipes/hold.ts'
export { type IdOptions, ids } from './recipes/id/id.ts'
export { list, type Signal, type SignalEvent, watchList } from './recipes/list.ts'
export { Lock, type LockOptions } from './recipes/lock.ts'
export { Membership, type MembershipOptions } from './recipes/membership.ts'
export { type OnceOptions, Turn } from './recipes/once/once.ts'
export { type ReceiveOptions, receive } from './recipes/pipe/receive.ts'
export { type Sent, send } from './recipes/pipe/send.ts'
export type { SendOptions } from './recipes/pipe/send-options.ts'
export { type SignalOptions, signal } from './recipes/signal.ts'
export type { StatusRow } from './recipes/status/row.ts'
export { status } from './recipes/status/status.ts'
export { watchStatus } from './recipes/status/watch-status.ts'
export { type Published, type PublishOptions, publish } from './recipes/topic/publish.ts'
export { type Message, type SubscribeOptions, subscribe } from './recipes/topic/subscribe.ts'
export { type WaitTargetsOptions, wait } from './recipes/wait/wait-targets.ts'
export {
  type DoneOptions,
  WaitGroup,
  type WaitGroupOptions,
  type WaitGroupState,
  type WaitGroupWaitOptions,
} from './recipes/wait-group.ts'
