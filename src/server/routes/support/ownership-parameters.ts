import { duration, flag, length, named } from './parameters.ts'

/** The parameters of requests that queue for an ownership and then hold it. */
export const ownershipParameters = {
  timeout: duration('Time limit for the wait, after which the answer is 404. 0: no limit.'),
  try: flag('Does not wait. The answer is 409 if another client or process is the holder.'),
  ttl: length(
    'Time until the next waiter can become the holder after the server dies. Default: 15s, on Consul 45s.',
  ),
  ...named,
}
