import { createPrivateKey, type webcrypto } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { X509Certificate, X509CrlGenerator, X509CrlReason } from '@peculiar/x509'
import type { TlsFiles } from './certificates.ts'
import { temporaryFolder } from './watchdog.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

const privateKey = (file: string): Promise<webcrypto.CryptoKey> => {
  const der = createPrivateKey(readFileSync(file)).export({ format: 'der', type: 'pkcs8' })
  return crypto.subtle.importKey('pkcs8', Uint8Array.from(der), algorithm, false, ['sign'])
}

/** Writes a revocation list of the authority that contains these certificates. Returns the file. */
export const revoke = async ({ ca, caKey }: TlsFiles, ...certs: string[]): Promise<string> => {
  const list = await X509CrlGenerator.create({
    issuer: new X509Certificate(readFileSync(ca, 'utf8')).subjectName,
    thisUpdate: new Date(Date.now() - 60_000),
    nextUpdate: new Date(Date.now() + 24 * 3_600_000),
    entries: certs.map((cert) => ({
      serialNumber: new X509Certificate(readFileSync(cert, 'utf8')).serialNumber,
      // without a reason, the library writes an empty list of extensions, which BoringSSL does not read
      reason: X509CrlReason.superseded,
    })),
    signingAlgorithm: algorithm,
    signingKey: await privateKey(caKey),
  })
  const file = join(temporaryFolder('revoked'), 'list.pem')
  const lines = list.toString('base64').replace(/.{64}/g, '$&\n')
  writeFileSync(file, `-----BEGIN X509 CRL-----\n${lines}\n-----END X509 CRL-----\n`)
  return file
}
