import { describe } from './errors.ts'

/** Short phrases for error codes of the system, of TLS and of Node's streams. */
const reasons = (): ReadonlyMap<string, string> =>
  new Map(
    Object.entries({
      EACCES: 'permission denied',
      EADDRNOTAVAIL: 'address not available',
      EAFNOSUPPORT: 'address family not supported',
      EAGAIN: 'temporarily out of resources',
      EAI_AGAIN: 'name resolution failed temporarily',
      ECONNREFUSED: 'connection refused',
      ECONNRESET: 'connection closed',
      EDQUOT: 'disk quota exceeded',
      EHOSTDOWN: 'host unreachable',
      EHOSTUNREACH: 'host unreachable',
      EIO: 'input/output error',
      ELOOP: 'too many symbolic links',
      EMFILE: 'too many open files',
      ENAMETOOLONG: 'name too long',
      ENFILE: 'too many open files',
      ENOSPC: 'no space left',
      ENETUNREACH: 'network unreachable',
      ENODATA: 'name does not resolve',
      ENOENT: 'does not exist',
      ENOTDIR: 'does not exist',
      ENOTFOUND: 'name does not resolve',
      EPERM: 'permission denied',
      EPIPE: 'connection closed',
      EPROTO: 'does not speak TLS',
      EPROTOTYPE: 'not a stream socket',
      ERR_OSSL_PEM_BAD_BASE64_DECODE: 'certificate or key is not in PEM format',
      ERR_OSSL_PEM_BAD_END_LINE: 'certificate or key is not in PEM format',
      ERR_OSSL_PEM_NO_START_LINE: 'certificate or key is not in PEM format',
      ERR_OSSL_X509_KEY_VALUES_MISMATCH: 'certificate and key do not match',
      ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'does not speak HTTP/2',
      ERR_SSL_WRONG_VERSION_NUMBER: 'does not speak TLS',
      ERR_SSL_PACKET_LENGTH_TOO_LONG: 'does not speak TLS',
      ERR_STREAM_PREMATURE_CLOSE: 'connection closed',
      ERR_TLS_CERT_ALTNAME_INVALID: 'certificate is for another name',
      EROFS: 'read-only file system',
      ETIMEDOUT: 'connection timed out',
      CERT_HAS_EXPIRED: 'certificate has expired',
      CERT_NOT_YET_VALID: 'certificate is not valid yet',
      CERT_REVOKED: 'certificate was revoked',
      CERT_SIGNATURE_FAILURE: 'certificate is not trusted',
      DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate is not trusted',
      SELF_SIGNED_CERT_IN_CHAIN: 'certificate is not trusted',
      UNABLE_TO_GET_ISSUER_CERT: 'certificate is not trusted',
      UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate is not trusted',
      UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate is not trusted',
    }),
  )

const unroutable: ReadonlySet<string> = new Set([
  'address family not supported',
  'address not available',
  'network unreachable',
])

/** Reasons that say only that no server is at this address. Any other reason says more. */
const absences: ReadonlySet<string> = new Set([
  ...unroutable,
  'connection refused',
  'host unreachable',
])

/** The stable code of an error of the system, of TLS or of a protocol parser. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined

/** Whether the server does not speak HTTP/1.1, by the codes of Node's parser. */
export const isNoHttp = (error: unknown): boolean => codeOf(error)?.startsWith('HPE_') ?? false

/** A short phrase for an error that means "not yet"; `undefined` for an error without a code, which is a bug of rdv. */
export const reasonFor = (error: unknown): string | undefined => {
  if (isNoHttp(error)) return 'does not speak HTTP'
  const code = codeOf(error)
  return code && (reasons().get(code) ?? reasonOfAlert(code) ?? `failed with ${code}`)
}

/** The reason in an alert of the TLS server: it rejected the client certificate, or it requires one. */
const reasonOfAlert = (code: string): string | undefined => {
  if (/^ERR_SSL_.*ALERT_CERTIFICATE_REQUIRED$/.test(code))
    return 'server requires a client certificate'
  return /^ERR_SSL_.*ALERT_(.*CERTIFICATE.*|UNKNOWN_CA)$/.test(code)
    ? 'server rejected the client certificate'
    : undefined
}

/**
 * A hint for an address whose server has never answered: it may use TLS if it closes a connection without an answer.
 */
export const tlsHint = (address: string, error: unknown): string => {
  const [scheme = ''] = address.split(':', 1)
  return codeOf(error) === 'ECONNRESET' && !scheme.endsWith('s')
    ? ` (if the server uses TLS, write ${scheme}s://)`
    : ''
}

/** The phrase of `reasonFor`, or the error's own text if it has no code. */
export const describeFailure = (error: unknown): string => reasonFor(error) ?? describe(error)

/** Whether a certificate does not verify, or the server does not speak TLS. Another attempt does not help. */
export const isTlsProblem = (error: unknown): boolean =>
  /^ERR_TLS_|^ERR_SSL_|^CERT_|^CRL_|SELF_SIGNED_CERT|^UNABLE_TO_|^HOSTNAME_MISMATCH$|^EPROTO$/.test(
    codeOf(error) ?? '',
  )

/** Whether this reason says that this machine has no route to such an address. */
export const isUnroutable = (reason: string): boolean => unroutable.has(reason)

/** The reason to print, of two reasons for two addresses of one host. */
export const moreTelling = (one: string, other: string): string =>
  absences.has(one) && !absences.has(other) ? other : one
