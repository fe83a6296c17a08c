import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { temporaryFolder } from './watchdog.ts'

/** Files in PEM form. The server's certificate is for localhost and for an address. */
export interface TlsFiles {
  readonly ca: string
  readonly caKey: string
  readonly cert: string
  readonly key: string
  readonly clientCert: string
  readonly clientKey: string
  /** Signed by the same authority, but for a host with another name. */
  readonly elsewhere: KeyPair
  /** Signed only by itself, for the right host. */
  readonly selfSigned: KeyPair
  /** Signed by the same authority, for the right host, but expired. */
  readonly expired: KeyPair
}

/** A certificate and its key, as files. */
interface KeyPair {
  readonly cert: string
  readonly key: string
}

interface Pair {
  readonly cert: string
  readonly private: string
}

const kind = { keyType: 'ec', algorithm: 'sha256' } as const

const authority = (): Promise<Pair> =>
  generate([{ name: 'commonName', value: 'rendezvous test authority' }], {
    ...kind,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  })

const signed = (
  commonName: string,
  address: string,
  ca?: Pair,
  name = 'localhost',
  notAfterDate?: Date,
): Promise<Pair> =>
  generate([{ name: 'commonName', value: commonName }], {
    ...kind,
    ...(notAfterDate && { notBeforeDate: new Date(0), notAfterDate }),
    ...(ca && { ca: { cert: ca.cert, key: ca.private } }),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      // etcd's gateway is a client of its own server, and uses the server's certificate
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: name },
          { type: 7, ip: address },
        ],
      },
    ],
  })

/** Creates a temporary authority, and certificates for a server and a client that it has signed. */
export const createCertificates = async (address = '127.0.0.1'): Promise<TlsFiles> => {
  const ca = await authority()
  const [server, client, elsewhere, itself, expired] = await Promise.all([
    signed('localhost', address, ca),
    signed('rdv', address, ca),
    signed('elsewhere.test', '192.0.2.1', ca, 'elsewhere.test'),
    signed('localhost', address),
    signed('localhost', address, ca, 'localhost', new Date(86_400_000)),
  ])
  const folder = temporaryFolder('tls')
  const write = (name: string, content: string): string => {
    const path = join(folder, name)
    writeFileSync(path, content, { mode: 0o600 })
    return path
  }
  const pair = (name: string, { cert, private: key }: Pair): KeyPair => ({
    cert: write(`${name}.pem`, cert),
    key: write(`${name}-key.pem`, key),
  })
  return {
    ca: write('ca.pem', ca.cert),
    caKey: write('ca-key.pem', ca.private),
    cert: write('server.pem', server.cert),
    key: write('server-key.pem', server.private),
    clientCert: write('client.pem', client.cert),
    clientKey: write('client-key.pem', client.private),
    elsewhere: pair('elsewhere', elsewhere),
    selfSigned: pair('self-signed', itself),
    expired: pair('expired', expired),
  }
}
