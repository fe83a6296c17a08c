import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'selfsigned'
import { temporaryFolder } from './guard.ts'

/** Files in PEM form. The server's certificate is for localhost and an address. */
export interface TlsFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
  readonly clientCert: string
  readonly clientKey: string
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

const signed = (commonName: string, address: string, ca: Pair): Promise<Pair> =>
  generate([{ name: 'commonName', value: commonName }], {
    ...kind,
    ca: { cert: ca.cert, key: ca.private },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      // etcd's gateway is a client of its own server, with the server's certificate
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: address },
        ],
      },
    ],
  })

/** A throw-away authority, with a server's and a client's certificate signed by it. */
export const createCertificates = async (address = '127.0.0.1'): Promise<TlsFiles> => {
  const ca = await authority()
  const [server, client] = await Promise.all([
    signed('localhost', address, ca),
    signed('rdv', address, ca),
  ])
  const folder = temporaryFolder('tls')
  const write = (name: string, content: string): string => {
    const path = join(folder, name)
    writeFileSync(path, content, { mode: 0o600 })
    return path
  }
  return {
    ca: write('ca.pem', ca.cert),
    cert: write('server.pem', server.cert),
    key: write('server-key.pem', server.private),
    clientCert: write('client.pem', client.cert),
    clientKey: write('client-key.pem', client.private),
  }
}
