import { beside } from '../../side-by-side.ts'
import { claims } from './claims.ts'
import { commits } from './commits.ts'
import {
  type ClaimingHarness,
  type Harness,
  type Pair,
  pair,
  type SharedHarness,
} from './harness.ts'
import { leases } from './leases.ts'
import { lists } from './lists.ts'
import { holders, sessions } from './sessions.ts'
import { watches } from './watches.ts'

const common = (clients: Pair<Harness>): void => {
  commits(clients)
  lists(clients)
  watches(clients)
  sessions(clients)
  leases(clients)
}

/** The promises of every backend, checked with two independent clients of one store. */
export const conformance = (start: () => Promise<Harness>): void => {
  beside('every backend', () => common(pair(start)))
}

/** The promises of every backend, and those of a store that other processes reach. */
export const sharedConformance = (start: () => Promise<SharedHarness>): void => {
  beside('every backend', () => {
    const clients = pair(start)
    common(clients)
    holders(clients)
  })
}

/** The additional promises of a store with the extension `Claimable`. */
export const claimingConformance = (start: () => Promise<ClaimingHarness>): void => {
  beside('every backend with claims', () => claims(pair(start)))
}
