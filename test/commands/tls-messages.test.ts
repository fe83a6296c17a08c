import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { beforeAll, describe, expect, test } from 'vitest'
import { onTestFinished } from '../finished.ts'
import { createCertificates, type TlsFiles } from '../services/certificates.ts'
import { Place } from './rdv.ts'

interface Case {
  readonly what: string
  /** The server's certificate. A server without one does not use TLS. */
  readonly shows?: (files: TlsFiles) => { readonly cert: string; readonly key: string }
  readonly wantsOne?: boolean
  readonly says: string
}

const CASES: readonly Case[] = [
  {
    what: 'one of an unknown authority',
    shows: ({ selfSigned }) => selfSigned,
    says: 'certificate is not trusted',
  },
  {
    what: 'one for another host',
    shows: ({ elsewhere }) => elsewhere,
    says: 'certificate is for another name',
  },
  {
    what: 'one that has expired',
    shows: ({ expired }) => expired,
    says: 'certificate has expired',
  },
  {
    what: 'none: the server speaks no TLS',
    says: 'does not speak TLS',
  },
  {
    what: 'the lack of one of the client',
    shows: (files) => files,
    wantsOne: true,
    says: 'server requires a client certificate',
  },
]

const start = async (flags: readonly string[]): Promise<string> => {
  const server = new Place().start('serve', '--listen', '127.0.0.1:0', ...flags)
  const [, host = ''] = await server.says(/listening on https?:\/\/(\S+)/)
  return host
}

const flagsOf = (pair?: { readonly cert: string; readonly key: string }, ca?: string | false) => [
  ...(pair ? ['--tls-cert', pair.cert, '--tls-key', pair.key] : []),
  ...(ca ? ['--tls-ca', ca] : []),
]

/** Starts an HTTP/2 server without a store, for connections that end during the TLS handshake. */
const startHttp2 = async (
  { cert, key }: { readonly cert: string; readonly key: string },
  requestCert = false,
): Promise<string> => {
  const settings = { cert: readFileSync(cert), key: readFileSync(key), requestCert }
  const server = createSecureServer({ ...settings, rejectUnauthorized: requestCert })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe.concurrent('a certificate that is not accepted is told in one sentence', () => {
  let files: TlsFiles
  beforeAll(async () => {
    files = await createCertificates()
  })

  const told = async (url: string, ...words: string[]) => {
    const { ca } = files
    const place = new Place({ RDV_CACERT: ca, ETCDCTL_CACERT: ca, CONSUL_CACERT: ca })
    const { code, stderr } = await place.rdv(
      ...words,
      '--backend',
      url,
      '--timeout',
      '8s',
      '--quiet',
    )
    return { code, stderr }
  }

  test.each(CASES)('$what', async ({ shows, wantsOne, says }) => {
    const pair = shows?.(files)
    const host = await start(flagsOf(pair, wantsOne && files.ca))
    const tell = async (url: string, ...words: string[]) => {
      const stderr = `rdv: ${url} is unreachable: ${says}\n`
      expect(await told(url, ...words)).toEqual({ code: 120, stderr })
    }
    // gRPC needs HTTP/2, which rdv's server does not speak
    const http2 = pair ? await startHttp2(pair, wantsOne) : host
    const schemes = ['https', 'etcds', 'consuls']
    await Promise.all([
      ...schemes.map((scheme) => tell(`${scheme}://${host}`, 'signal', 'k')),
      tell(`etcds://${http2}`, 'subscribe', 't'),
    ])
  })

  test('a server with TLS behind a URL without', async () => {
    const host = await start(flagsOf(files))
    const tell = async (scheme: string) => {
      const url = `${scheme}://${host}`
      const { code, stderr } = await new Place().rdv(
        'signal',
        'k',
        '--backend',
        url,
        '--timeout',
        '8s',
        '--quiet',
      )
      expect({ code, stderr }).toEqual({
        code: 120,
        stderr: expect.stringMatching(
          `^rdv: ${url} is unreachable.*: connection closed \\(if the server uses TLS, write ${scheme}s://\\)\n$`,
        ),
      })
    }
    await Promise.all(['http', 'etcd', 'consul'].map(tell))
  })

  test('a certificate without the key that belongs to it', async () => {
    const { ca, clientCert, key } = files
    for (const [scheme, prefix] of [
      ['https', 'RDV_CLIENT_'],
      ['etcds', 'ETCDCTL_'],
      ['consuls', 'CONSUL_CLIENT_'],
    ]) {
      const env = { [`${prefix}CERT`]: clientCert, [`${prefix}KEY`]: key, RDV_CACERT: ca }
      const words = ['signal', 'k', '--backend', `${scheme}://127.0.0.1:1`, '--timeout', '1s']
      expect(await new Place(env).rdv(...words)).toMatchObject({
        code: 120,
        stderr: `rdv: ${prefix}CERT with ${prefix}KEY cannot be used: certificate and key do not match\n`,
      })
    }
  })
})
