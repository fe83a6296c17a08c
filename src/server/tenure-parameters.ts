import { duration, flag, length, named } from './parameters.ts'

/** The parameters of what is queued for and then held. */
export const tenureParameters = {
  timeout: duration('Waits no longer than this for its turn, then 404. 0: no limit.'),
  try: flag('Does not wait: 409 where another one has it.'),
  ttl: length('How soon it is free when the server dies. Default: 15s, on Consul 45s.'),
  ...named,
}
