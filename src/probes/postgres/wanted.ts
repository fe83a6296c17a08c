/** What is wanted of PostgreSQL servers: which ones, by whom, and how. */

/** One of the servers that are tried in turn. */
export interface Host {
  /** A name, an address or a socket's directory: what certificates and password files know it by. May be empty. */
  readonly name: string
  /** What to connect to instead of what the name resolves to. */
  readonly address: string
  readonly port: number
}

/** What is known before any file is read or anything is connected to. */
export interface Settings {
  readonly hosts: readonly Host[]
  readonly sslmode: string
  /** A parameter's value; empty where it has none. */
  readonly of: (name: string) => string
  /** Whether the parameter is given, be it empty. */
  readonly has: (name: string) => boolean
}

/** Who logs in, to which database. */
export interface Login {
  readonly user: string
  readonly database: string
}

/** A password, empty where there is none, perhaps for a reason that can be told. */
export interface Password {
  readonly password: string
  readonly passwordProblem?: string
}

/** Who logs in, and what the session must be like. */
export interface Session extends Login, Password {
  readonly settings: Settings
  /** A value of `target_session_attrs`. */
  readonly wanted: string
}
