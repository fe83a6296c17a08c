/** OpenSSL's texts for a certificate that it does not accept, and the code that Node gives each of them. */
const VERDICTS: readonly (readonly [RegExp, string])[] = [
  [/^self-signed certificate/, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  [/^unable to get (local )?issuer certificate/, 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'],
  [/^unable to verify the first certificate/, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
  [/^certificate signature failure/, 'CERT_SIGNATURE_FAILURE'],
  [/^certificate has expired/, 'CERT_HAS_EXPIRED'],
  [/^certificate is not yet valid/, 'CERT_NOT_YET_VALID'],
]

/** The code of a TLS failure of which gRPC has kept only the text; `undefined` if it is another failure. */
export const tlsCodeOf = (text: string): string | undefined => {
  const named = /^(?:Error )?\[(ERR_[A-Z_]+)\]: /.exec(text)?.[1]
  // The form of OpenSSL, and of BoringSSL in bun.
  const reason = /\berror:[\da-f]+:SSL routines:[^:]*:([\w ]+)/i.exec(text)?.[1]
  if (named !== undefined) return named
  if (reason !== undefined) return `ERR_SSL_${reason.toUpperCase().replaceAll(' ', '_')}`
  return VERDICTS.find(([pattern]) => pattern.test(text))?.[1]
}
