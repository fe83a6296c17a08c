/** The result of one check. */
export type ProbeResult =
  | { readonly up: true }
  | {
      readonly up: false
      readonly reason: string
      /**
       * Set if the check could not find out the state: nothing answered, or this machine could not ask. The target may
       * be up.
       */
      readonly unknown?: true
    }

/** Options that apply only to some schemes. */
export interface ProbeOptions {
  /** Accepted HTTP status ranges, inclusive. Default: 200 to 299. */
  readonly httpStatus?: readonly (readonly [from: number, to: number])[]
  /** Extra HTTP request headers. */
  readonly httpHeaders?: Readonly<Record<string, string>>
  /**
   * The HTTP body must match this expression in RE2's syntax. For a `RegExp`, its source and its flags i, m and s
   * count.
   */
  readonly httpBodyMatch?: string | RegExp
  /** Resolves a host, once per check. The probe connects to no other address. Default: getaddrinfo. */
  readonly resolve?: (host: string) => Promise<string[]>
}

/** A check of something outside the store: a port, a database, a file. */
export interface Probe {
  /** The URL as given, without its password. It is safe to print. */
  readonly name: string
  /**
   * Makes one check, and resolves to its result. "Refused", "unresolvable", "not there yet" and "no answer" are
   * results, not errors.
   * @param signal ends the check (its time limit, the deadline or an interrupt); the promise rejects with the signal's
   * reason.
   * @param soFar is called with the reason why the target is not up yet, if something has answered. That is the reason
   * of the result if the time limit comes first.
   * @throws UsageError only for an error that a later check cannot correct.
   */
  check(signal: AbortSignal, soFar?: (reason: string) => void): Promise<ProbeResult>
}

/**
 * Makes the probe of one scheme. It is the default export of the scheme's file. Client libraries are loaded in `check`,
 * not before.
 * @throws UsageError if the URL is malformed. The message is one sentence that says what to write instead.
 */
export type ProbeFactory = (url: string, options: ProbeOptions) => Probe
