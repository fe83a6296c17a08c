import type { Traits } from '../../backends/backend.ts'
import { UsageError } from '../../base/errors.ts'

/**
 * Checks a TTL (milliseconds) against the longest that the backend can; one below its shortest is raised by the backend.
 * @throws UsageError it is longer, or no length at all.
 */
export const checkTtl = (ttl: number, { name, maxTtl }: Traits): number => {
  if (!(ttl > 0 && ttl <= maxTtl)) {
    throw new UsageError(`${ttl / 1000} s exceeds the maximum TTL of ${name}: ${maxTtl / 1000} s`)
  }
  return ttl
}
