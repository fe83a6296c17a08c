import { describe } from 'vitest'
import { commits } from './commits.ts'
import { type Harness, pair } from './harness.ts'
import { leases } from './leases.ts'
import { lists } from './lists.ts'
import { watches } from './watches.ts'

/** What every backend promises, shown by two independent clients of one store. */
export const conformance = (start: () => Promise<Harness>): void => {
  describe('every backend', () => {
    const clients = pair(start)
    commits(clients)
    lists(clients)
    watches(clients)
    leases(clients)
  })
}
