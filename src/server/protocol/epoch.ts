import type { Backend } from '../../backends/backend.ts'

/**
 * Returns the epoch of a store. If the backend has no epoch, its own watches and leases report that the store was
 * created anew. All servers in front of such a store must give the same value, so it is then the name of the backend.
 */
export const epochOf = ({ epoch, traits }: Backend): string => epoch ?? traits.name
