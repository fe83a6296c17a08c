/** How one attempt ended, and where libpq continues after it. */
export type Outcome =
  | { readonly end: 'up' }
  | {
      /** `stop`: the outcome is final; `other-mode`: the same address is tried with TLS, or without. */
      readonly end: 'stop' | 'other-mode' | 'next-address' | 'next-host'
      readonly reason: string
      /**
       * Whether the outcome means that there is no such database. Otherwise the database may exist and serve others.
       */
      readonly absent?: boolean
    }

/** Makes a final outcome, as in `stopped('does not speak PostgreSQL')`. */
export const stopped = (reason: string, absent = false): Outcome => ({
  end: 'stop',
  reason,
  absent,
})

/** An error whose message is the reason to print, such as a certificate file that cannot be read. */
export class Hindrance extends Error {
  /** Has the meaning of `absent` in an outcome. */
  readonly absent: boolean

  constructor(message: string, absent = false) {
    super(message)
    this.absent = absent
  }
}
