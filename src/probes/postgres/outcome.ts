/** How one attempt ended, and where libpq goes on from there. */
export type Outcome =
  | { readonly end: 'up' }
  | {
      /** `stop`: the answer is final; `other-mode`: the same address is tried with TLS, or without. */
      readonly end: 'stop' | 'other-mode' | 'next-address' | 'next-host'
      readonly reason: string
      /** Whether this says that there is no such database. Otherwise it may be there, and serve others. */
      readonly absent?: boolean
    }

/** Such as `stopped('does not speak PostgreSQL')`. */
export const stopped = (reason: string, absent = false): Outcome => ({
  end: 'stop',
  reason,
  absent,
})

/** A reason to be told as it is, such as a certificate file that cannot be read. */
export class Hindrance extends Error {
  /** As in an outcome. */
  readonly absent: boolean

  constructor(message: string, absent = false) {
    super(message)
    this.absent = absent
  }
}
