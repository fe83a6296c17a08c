import { ForbiddenError } from '../http/responses.ts'
import { reachableOf } from './forbidden-addresses.ts'
import { type ProbePattern, parseProbePattern } from './pattern.ts'

/** What may be looked at for clients: anything, or what matches one of the patterns. */
export class ProbePolicy {
  readonly #patterns: readonly ProbePattern[] | undefined

  /** @throws UsageError a pattern is malformed. */
  constructor(patterns: readonly string[] | undefined) {
    this.#patterns = patterns?.map(parseProbePattern)
  }

  /**
   * Before anything is asked of a resolver.
   * @throws ForbiddenError no address that the host may have is allowed.
   */
  check(host: string, port: number): void {
    const may = this.#forPort(port)?.some((one) => one.names(host) || one.mayHold(host))
    if (may === false) throw refusal(host, port)
  }

  /**
   * The addresses of a host that are to be connected to.
   * @throws ForbiddenError one of them is not allowed; UsageError likewise, to anybody.
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
