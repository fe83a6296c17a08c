/** What one look at a probed thing found. */
export type ProbeResult =
  | { readonly up: true }
  | {
      readonly up: false
      readonly reason: string
      /** Whether it is up is not known: nothing answered, or this machine could not ask. It may as well be up. */
      readonly unknown?: true
    }

/** Settings that concern only some schemes. */
export interface ProbeOptions {
  /** Accepted HTTP status ranges, inclusive. Default: 200 to 299. */
  readonly httpStatus?: readonly (readonly [from: number, to: number])[]
  /** Extra HTTP request headers. */
  readonly httpHeaders?: Readonly<Record<string, string>>
  /** The HTTP body must match this expression in RE2's syntax. Of a `RegExp` the source and the flags i, m and s count. */
  readonly httpBodyMatch?: string | RegExp
  /** What to connect to for a host, asked once a check: no other address is. Default: what getaddrinfo has. */
  readonly resolve?: (host: string) => Promise<string[]>
}

/** A thing outside of any store that can be looked at: a port, a database, a file. */
export interface Probe {
  /** The URL as given, without its password: safe to print. */
  readonly name: string
  /**
   * One look. Resolves to what was found; "refused", "unresolvable", "not there yet" and "no answer" are result, not
   * errors.
   * @param signal ends the attempt (its own time limit, the deadline or an interrupt); rejects with the signal's reason.
   * @param soFar told why it is not up yet, where something has answered: what is found if the time limit comes first.
   * @throws UsageError only for what no later check can mend.
   */
  check(signal: AbortSignal, soFar?: (reason: string) => void): Promise<ProbeResult>
}

/**
 * One scheme's factory, the default export of its file. Client libraries are loaded in `check`, not before.
 * @throws UsageError where the URL is malformed: one sentence that says what to write instead.
 */
export type ProbeFactory = (url: string, options: ProbeOptions) => Probe
