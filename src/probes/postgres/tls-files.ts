import type { ConnectionOptions } from 'node:tls'
import { codeOf, reasonFor } from '../../base/reason.ts'
import { inHome } from './home.ts'
import { Hindrance } from './outcome.ts'
import type { Settings } from './wanted.ts'

/**
 * Returns the certificates for one connection. They come from the files that libpq reads: those that the parameters
 * name, otherwise those in `~/.postgresql`. If there is a root certificate, the server's certificate is verified in
 * every mode.
 * @throws Hindrance if libpq refuses a file.
 */
export const readTlsFiles = async (settings: Settings): Promise<ConnectionOptions> => {
  const [root, own] = await Promise.all([
    readRoot(settings),
    settings.of('sslcertmode') === 'disable' ? {} : readOwn(settings),
  ])
  return { ...root, ...own }
}

const place = ({ of }: Settings, name: string, usual: string): string =>
  of(name) || inHome('.postgresql', usual)

const readRoot = async (settings: Settings): Promise<ConnectionOptions> => {
  if (settings.of('sslrootcert') === 'system')
    return { rejectUnauthorized: true, ca: await systemRoots() }
  const file = place(settings, 'sslrootcert', 'root.crt')
  const ca = await contents(file, 'root certificate')
  if (ca === undefined) {
    if (settings.sslmode.startsWith('verify'))
      throw new Hindrance(
        `the root certificate ${file} does not exist (sslrootcert=system uses those of the system)`,
      )
    return { rejectUnauthorized: false }
  }
  if (!ca.includes('-----BEGIN')) throw new Hindrance(`${file} contains no root certificate`)
  const crl = await contents(place(settings, 'sslcrl', 'root.crl'), 'revocation list')
  return { rejectUnauthorized: true, ca, ...(crl?.includes('-----BEGIN X509 CRL') ? { crl } : {}) }
}

const systemRoots = async (): Promise<string[]> => {
  const { getCACertificates, rootCertificates } = await import('node:tls')
  const found = getCACertificates('system')
  return found.length > 0 ? found : [...rootCertificates]
}

const readOwn = async (settings: Settings): Promise<ConnectionOptions> => {
  const cert = await contents(place(settings, 'sslcert', 'postgresql.crt'), 'certificate')
  if (cert === undefined) return {}
  const file = place(settings, 'sslkey', 'postgresql.key')
  await checkKey(file)
  const key = await contents(file, 'private key')
  const passphrase = settings.of('sslpassword')
  return { cert, key, ...(passphrase === '' ? {} : { passphrase }) }
}

/** libpq refuses a key that other users can access. Only a key of root may be readable for its group. */
const checkKey = async (file: string): Promise<void> => {
  const { stat } = await import('node:fs/promises')
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) throw new Hindrance(`the private key ${file} does not exist`)
  const open = found.mode & (found.uid === 0 ? 0o037 : 0o077)
  if (open !== 0)
    throw new Hindrance(`other users can access the private key ${file}: change its mode to 600`)
}

/** Returns `undefined` if the file does not exist. */
const contents = async (file: string, what: string): Promise<string | undefined> => {
  const { readFile } = await import('node:fs/promises')
  try {
    return await readFile(file, 'latin1')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined
    throw new Hindrance(`the ${what} ${file} cannot be read: ${reasonFor(error)}`)
  }
}
