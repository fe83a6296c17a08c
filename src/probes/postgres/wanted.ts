/** What a probe requests of PostgreSQL servers: which servers, which login, and which kind of session. */

/** One of the servers that are tried in turn. */
export interface Host {
  /** The name, address or socket directory under which certificates and password files know the host. May be empty. */
  readonly name: string
  /** The address to connect to instead of resolving the name. May be empty. */
  readonly address: string
  readonly port: number
}

/** The settings that follow from the parameters of all sources. */
export interface Settings {
  readonly hosts: readonly Host[]
  readonly sslmode: string
  /** Returns a parameter's value, or an empty text if it has none. */
  readonly of: (name: string) => string
  /** Whether the parameter is given, even if it is empty. */
  readonly has: (name: string) => boolean
}

/** The user who logs in, and the database. */
export interface Login {
  readonly user: string
  readonly database: string
}

/** A password, or an empty text if there is none. `passwordProblem` gives the reason if there is a known one. */
export interface Password {
  readonly password: string
  readonly passwordProblem?: string
}

/** The login, and the requirements for the session. */
export interface Session extends Login, Password {
  readonly settings: Settings
  /** A value of `target_session_attrs`. */
  readonly wanted: string
}
