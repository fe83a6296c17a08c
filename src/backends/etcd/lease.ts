import type { LeaseClient } from 'etcd3'
import type { Lease } from '../backend.ts'
import type { Question } from './cluster.ts'
import { leaseName, leaseNumber } from './codec.ts'
import { Code, codeOf } from './failure.ts'

/** `ttl`: milliseconds; etcd counts in whole seconds. A grant whose answer is lost ends by itself. */
export const grantLease =
  (ttl: number): Question<Lease> =>
  async ({ lease }) => {
    const granted = await lease.leaseGrant({ TTL: Math.ceil(ttl / 1_000) })
    return { id: leaseName(granted.ID), ttl: Number(granted.TTL) * 1_000 }
  }

/** The milliseconds that it lives from now on; 0 if it does not exist. */
export const renewLease =
  (id: string): Question<number> =>
  ({ lease }, { connection }, signal) =>
    connection.withToken(() => renewOnce(lease, id, signal))

/** etcd renews leases on a stream alone: one request, one answer. */
const renewOnce = async (lease: LeaseClient, id: string, signal: AbortSignal): Promise<number> => {
  const stream = await lease.leaseKeepAlive()
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  stream.on('data', ({ TTL }) => resolve(Math.max(0, Number(TTL)) * 1_000))
  stream.on('error', reject)
  stream.on('end', () => reject(new Error('the server ended the renewal')))
  if (signal.aborted) stream.cancel()
  signal.addEventListener('abort', () => stream.cancel(), { once: true })
  stream.write({ ID: leaseNumber(id) })
  return promise.finally(() => stream.cancel())
}

export const revokeLease =
  (id: string): Question<void> =>
  async ({ lease }) => {
    try {
      await lease.leaseRevoke({ ID: leaseNumber(id) })
    } catch (error) {
      if (codeOf(error) !== Code.notFound) throw error
    }
  }
