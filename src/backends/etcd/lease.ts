import type { Lease } from '../backend.ts'
import type { Operation } from './cluster.ts'
import { leaseName, leaseNumber } from './codec.ts'
import { Code, codeOf } from './failure.ts'

/** `ttl`: milliseconds, rounded up to whole seconds for etcd. If the answer is lost, the lease ends by itself. */
export const grantLease =
  (ttl: number): Operation<Lease> =>
  async ({ lease }) => {
    const granted = await lease.leaseGrant({ TTL: Math.ceil(ttl / 1_000) })
    return { id: leaseName(granted.ID), ttl: Number(granted.TTL) * 1_000 }
  }

/** Resolves to the milliseconds that the lease lives from now on; 0 if it does not exist. */
export const renewLease =
  (id: string): Operation<number> =>
  async ({ lease }) =>
    Math.max(0, await lease.leaseKeepAlive(leaseNumber(id))) * 1_000

export const revokeLease =
  (id: string): Operation<void> =>
  async ({ lease }) => {
    try {
      await lease.leaseRevoke({ ID: leaseNumber(id) })
    } catch (error) {
      if (codeOf(error) !== Code.notFound) throw error
    }
  }
