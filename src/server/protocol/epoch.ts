import type { Backend } from '../../backends/backend.ts'

/**
 * Names one life of the store. Where the backend does not tell one, its own watches and leases tell of a recreation,
 * and any number of servers in front of it must agree: then the name is always the same.
 */
export const epochOf = ({ epoch, traits }: Backend): string => epoch ?? traits.name
