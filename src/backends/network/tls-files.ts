import { UnavailableError } from '../../base/errors.ts'
import { describeFailure } from '../../base/reason.ts'

/** Certificates and a key in PEM form. */
export interface TlsMaterial {
  readonly ca?: string | Buffer | undefined
  readonly cert?: string | Buffer | undefined
  readonly key?: string | Buffer | undefined
}

/**
 * Certificates and a key in files that may be replaced while they are in use. Each access reads the files again. If a
 * file is missing at that moment, or a certificate does not have its matching key yet, the previous content stays in
 * use.
 */
export class TlsFiles {
  readonly #read: () => TlsMaterial
  #material: TlsMaterial

  /**
   * `pair`: names the files of the client's certificate and its key, for the error message.
   * @throws the error of `read`, if the first reading fails.
   * @throws UnavailableError the certificate and the key do not match, for example because they are just being
   * replaced.
   */
  constructor(read: () => TlsMaterial, pair: string) {
    this.#read = read
    this.#material = read()
    if (this.#material.cert !== undefined) requireFit(this.#material, pair)
  }

  /** Returns the same object as before if nothing has changed. */
  get current(): TlsMaterial {
    try {
      const fresh = this.#read()
      if (!isSame(fresh, this.#material) && fits(fresh)) this.#material = fresh
    } catch {
      // The previous content stays in use until the files can be used again.
    }
    return this.#material
  }
}

const isSame = (one: TlsMaterial, other: TlsMaterial): boolean =>
  (['ca', 'cert', 'key'] as const).every(
    (part) => one[part] === other[part] || String(one[part]) === String(other[part]),
  )

const requireFit = (material: TlsMaterial, pair: string): void => {
  try {
    fits(material)
  } catch (cause) {
    throw new UnavailableError(`${pair} cannot be used: ${describeFailure(cause)}`, { cause })
  }
}

/** @throws OpenSSL's error if a certificate and its key do not match. */
const fits = (material: TlsMaterial): boolean => {
  process.getBuiltinModule('node:tls').createSecureContext(material)
  return true
}
