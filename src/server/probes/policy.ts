import { ForbiddenError } from '../http/responses.ts'
import { reachableOf } from './forbidden-addresses.ts'
import { type ProbePattern, parseProbePattern } from './pattern.ts'

/** The targets that may be probed for clients: any target, or those that match one of the patterns. */
export class ProbePolicy {
  readonly #patterns: readonly ProbePattern[] | undefined

  /** @throws UsageError if a pattern is malformed. */
  constructor(patterns: readonly string[] | undefined) {
    this.#patterns = patterns?.map(parseProbePattern)
  }

  /**
   * Checks a target before its name is resolved.
   * @throws ForbiddenError if no address that the host may have is permitted.
   */
  check(host: string, port: number): void {
    const may = this.#forPort(port)?.some((one) => one.names(host) || one.mayHold(host))
    if (may === false) throw refusal(host, port)
  }

  /**
   * Returns the resolver for a port. The resolver returns the addresses of a host to connect to.
   * @throws (the resolver) ForbiddenError if one of the addresses is not permitted; UsageError if one of them is
   * link-local or a metadata service, whatever the patterns are.
   */
  resolver(port: number): (host: string) => Promise<string[]> {
    const patterns = this.#forPort(port)
    return async (host) => {
      const addresses = await reachableOf(host)
      if (!patterns || patterns.some((one) => one.names(host))) return addresses
      const all = addresses.every((address) => patterns.some((one) => one.holds(address)))
      if (!all) throw refusal(host, port)
      return addresses
    }
  }

  #forPort(port: number): readonly ProbePattern[] | undefined {
    return this.#patterns?.filter((one) => one.hasPort(port))
  }
}

const refusal = (host: string, port: number): ForbiddenError =>
  new ForbiddenError(
    `${host} port ${port} may not be probed: rdv serve --allow-probe allows more targets`,
  )
