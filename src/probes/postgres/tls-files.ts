import { join } from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { codeOf, reasonFor } from '../../reason.ts'
import { Hindrance } from './outcome.ts'
import type { Settings } from './settings.ts'

/**
 * The certificates for one connection, from the files that libpq reads: those of the parameters, else of `~/.postgresql`.
 * A server's certificate is verified if there is a root certificate, whatever the mode.
 * @throws Hindrance where libpq refuses a file.
 */
export const readTlsFiles = async (settings: Settings): Promise<ConnectionOptions> => {
  const { homedir } = await import('node:os')
  const place = (name: string, usual: string) =>
    settings.of(name) || join(homedir(), '.postgresql', usual)
  const [root, own] = await Promise.all([
    readRoot(settings, place),
    settings.of('sslcertmode') === 'disable' ? {} : readOwn(settings, place),
  ])
  return { ...root, ...own }
}

type Place = (name: string, usual: string) => string

const readRoot = async ({ sslmode, of }: Settings, place: Place): Promise<ConnectionOptions> => {
  if (of('sslrootcert') === 'system') return { rejectUnauthorized: true, ca: await systemRoots() }
  const file = place('sslrootcert', 'root.crt')
  const ca = await contents(file, 'root certificate')
  if (ca === undefined) {
    if (sslmode.startsWith('verify'))
      throw new Hindrance(`the root certificate ${file} is not there`)
    return { rejectUnauthorized: false }
  }
  if (!ca.includes('-----BEGIN')) throw new Hindrance(`${file} holds no root certificate`)
  const crl = await contents(place('sslcrl', 'root.crl'), 'revocation list')
  return { rejectUnauthorized: true, ca, ...(crl?.includes('-----BEGIN') ? { crl } : {}) }
}

const systemRoots = async (): Promise<string[]> => {
  const { getCACertificates, rootCertificates } = await import('node:tls')
  const found = getCACertificates('system')
  return found.length > 0 ? found : [...rootCertificates]
}

const readOwn = async ({ of }: Settings, place: Place): Promise<ConnectionOptions> => {
  const cert = await contents(place('sslcert', 'postgresql.crt'), 'certificate')
  if (cert === undefined) return {}
  const file = place('sslkey', 'postgresql.key')
  await checkKey(file)
  const key = await contents(file, 'private key')
  return { cert, key, ...(of('sslpassword') === '' ? {} : { passphrase: of('sslpassword') }) }
}

/** libpq refuses a key that others can read, but root's for its group. */
const checkKey = async (file: string): Promise<void> => {
  const { stat } = await import('node:fs/promises')
  const found = await stat(file).catch(() => undefined)
  if (!found?.isFile()) throw new Hindrance(`the private key ${file} is not there`)
  const open = found.mode & (found.uid === 0 ? 0o037 : 0o077)
  if (open !== 0) throw new Hindrance(`the private key ${file} is open to others: chmod 600 it`)
}

/** `undefined` where the file is not there. */
const contents = async (file: string, what: string): Promise<string | undefined> => {
  const { readFile } = await import('node:fs/promises')
  try {
    return await readFile(file, 'latin1')
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '')) return undefined
    throw new Hindrance(`the ${what} ${file} cannot be read: ${reasonFor(error)}`)
  }
}
