import type { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import type { ConnectionOptions, TLSSocket } from 'node:tls'
import { describeFailure } from '../../base/reason.ts'
import { Hindrance } from './outcome.ts'
import { readTlsFiles } from './tls-files.ts'
import type { Host, Settings } from './wanted.ts'

/** The SSLRequest message of the PostgreSQL protocol. */
const request = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

/** The ALPN protocol of a direct TLS connection, so that no other service accepts it. */
const protocol = 'postgresql'

/** Returns whether the connection begins with TLS instead of an SSLRequest. */
export const isDirect = ({ of }: Settings): boolean => of('sslnegotiation') === 'direct'

/**
 * Asks for TLS on a new connection, and returns the server's answer. `nonsense` means that the server does not speak
 * the protocol.
 */
export const askForTls = async (socket: Socket): Promise<'yes' | 'no' | 'nonsense'> => {
  socket.write(request)
  const answer = await firstBytes(socket)
  // Further bytes would come from a third party that cannot encrypt.
  if (answer.length > 1) return 'nonsense'
  const [letter] = answer.toString('latin1')
  if (letter === 'S') return 'yes'
  return letter === 'N' ? 'no' : 'nonsense'
}

const firstBytes = (socket: Socket): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    socket.once('data', resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(closedEarly()))
  })

const closedEarly = (): Error =>
  Object.assign(new Error('connection closed'), { code: 'ECONNRESET' })

/**
 * Wraps a connection in TLS, with the certificates that libpq would use.
 * @throws an error with a code, or a Hindrance, if the handshake fails.
 */
export const encrypt = async (
  socket: Socket,
  host: Host,
  settings: Settings,
): Promise<TLSSocket> => {
  const [{ connect }, files] = await Promise.all([import('node:tls'), readTlsFiles(settings)])
  const options = { socket, ...(await optionsFor(host, settings)), ...files }
  const secure = usable(() => connect(options))
  await new Promise<void>((resolve, reject) => {
    secure.once('secureConnect', resolve)
    // This listener is never removed: an error that comes after the end must not become an uncaught exception.
    secure.on('error', reject)
    secure.once('close', () => reject(closedEarly()))
  })
  if (isDirect(settings) && secure.alpnProtocol !== protocol)
    throw new Hindrance('does not accept direct TLS connections: leave sslnegotiation out')
  if (settings.sslmode === 'verify-full') await checkName(secure, host.name)
  return secure
}

/** Node checks certificates and keys only when it makes a connection with them. */
const usable = (connect: () => TLSSocket): TLSSocket => {
  try {
    return connect()
  } catch (error) {
    throw new Hindrance(`a certificate or its key is not usable: ${describeFailure(error)}`)
  }
}

const optionsFor = async ({ name }: Host, settings: Settings): Promise<ConnectionOptions> => {
  const { of } = settings
  const { isIP } = await import('node:net')
  const named = name !== '' && isIP(name) === 0 && (of('sslsni') || '1').startsWith('1')
  const most = of('ssl_max_protocol_version')
  return {
    // RFC 6066 does not allow addresses in SNI.
    servername: named ? name : '',
    // libpq verifies names only with sslmode=verify-full, for which `encrypt` calls `checkName`.
    checkServerIdentity: () => undefined,
    ...(isDirect(settings) ? { ALPNProtocols: [protocol] } : {}),
    minVersion: (of('ssl_min_protocol_version') || 'TLSv1.2') as ConnectionOptions['minVersion'],
    ...(most === '' ? {} : { maxVersion: most as ConnectionOptions['maxVersion'] }),
  }
}

const checkName = async (secure: TLSSocket, name: string): Promise<void> => {
  if (name === '') throw new Hindrance('sslmode=verify-full needs the name of the host')
  const { X509Certificate } = await import('node:crypto')
  const { isIP } = await import('node:net')
  const certificate = new X509Certificate(secure.getPeerCertificate().raw)
  if (!isFor(certificate, name, isIP(name) !== 0))
    throw new Hindrance('certificate is for another name')
}

/** As in libpq, the common name counts if no alternative name is of the host's kind. */
const isFor = (certificate: X509Certificate, host: string, isAddress: boolean): boolean => {
  const sameKind = isAddress ? /\bIP Address:/ : /\bDNS:/
  const subject = sameKind.test(certificate.subjectAltName ?? '') ? 'never' : 'always'
  if (isAddress && certificate.checkIP(host) !== undefined) return true
  return certificate.checkHost(host, { subject, partialWildcards: false }) !== undefined
}
