import type { LeaseClient } from 'etcd3'

/** Renews a lease by one request and one answer on a stream: etcd renews only there. Resolves to the TTL in seconds. */
export const renewOnce = async (
  lease: LeaseClient,
  id: string,
  signal: AbortSignal,
): Promise<number> => {
  const stream = await lease.leaseKeepAlive()
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  stream.on('data', ({ TTL }) => resolve(Number(TTL)))
  stream.on('error', reject)
  stream.on('end', () => reject(new Error('the server ended the renewal')))
  if (signal.aborted) stream.cancel()
  signal.addEventListener('abort', () => stream.cancel(), { once: true })
  stream.write({ ID: id })
  return promise.finally(() => stream.cancel())
}
