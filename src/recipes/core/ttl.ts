import type { Traits } from '../../backends/backend.ts'
import { UsageError } from '../../base/errors.ts'

/**
 * Checks a TTL (milliseconds) against the backend's maximum, and returns it. The backend itself raises a TTL below its
 * minimum.
 * @throws UsageError the TTL exceeds the maximum, or is not a positive number.
 */
export const checkTtl = (ttl: number, { name, maxTtl }: Traits): number => {
  if (!(ttl > 0 && ttl <= maxTtl)) {
    throw new UsageError(
      `${ttl / 1000} s exceeds the maximum TTL of ${name}: write at most ${maxTtl / 1000} s`,
    )
  }
  return ttl
}
