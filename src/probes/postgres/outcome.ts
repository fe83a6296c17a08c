/** How one attempt ended, and where libpq goes on from there. */
export type Outcome =
  | { readonly end: 'up' }
  | {
      /** `stop`: the answer is final; `other-mode`: the same address is tried with TLS, or without. */
      readonly end: 'stop' | 'other-mode' | 'next-address' | 'next-host'
      readonly reason: string
    }

/** Such as `stopped('does not speak PostgreSQL')`. */
export const stopped = (reason: string): Outcome => ({ end: 'stop', reason })

/** A reason to be told as it is, such as a certificate file that cannot be read. */
export class Hindrance extends Error {}
