import { UnavailableError } from '../../base/errors.ts'
import { describeFailure } from '../../base/reason.ts'

/** In PEM form. */
export interface TlsMaterial {
  readonly ca?: string | Buffer | undefined
  readonly cert?: string | Buffer | undefined
  readonly key?: string | Buffer | undefined
}

/**
 * Certificates and a key in files that somebody replaces while they are in use. The files are read again whenever they are
 * asked for; where one is missing at the moment, or a certificate has no key that fits it yet, what was read before stays.
 */
export class TlsFiles {
  readonly #read: () => TlsMaterial
  #material: TlsMaterial

  /**
   * `pair`: what names the files of the client's certificate and its key.
   * @throws whatever `read` throws the first time; UnavailableError those two do not belong together, as in the middle of
   * being replaced.
   */
  constructor(read: () => TlsMaterial, pair: string) {
    this.#read = read
    this.#material = read()
    if (this.#material.cert !== undefined) requireFit(this.#material, pair)
  }

  /** The same object as before where nothing has changed. */
  get current(): TlsMaterial {
    try {
      const fresh = this.#read()
      if (!isSame(fresh, this.#material) && fits(fresh)) this.#material = fresh
    } catch {
      // It is there again later.
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

/** @throws OpenSSL's error, where it does not. */
const fits = (material: TlsMaterial): boolean => {
  process.getBuiltinModule('node:tls').createSecureContext(material)
  return true
}
