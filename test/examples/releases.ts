import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import manifest from '../../package.json' with { type: 'json' }
import { executable, standalone } from '../commands/executable.ts'
import { onTestFinished } from '../finished.ts'

/** The executable's name in a release. */
const NAME = `rdv-linux-${process.arch}`

/** The tested program as one file. */
const file = (): Buffer =>
  standalone ? readFileSync(executable) : Buffer.from(`#!/bin/sh\nexec '${executable}' "$@"\n`)

/**
 * Serves releases as GitHub does, until the test ends. The latest release has this version. Returns the URL of the
 * releases. If `damaged`, the executable does not match its checksum.
 */
export const serveReleases = async ({ damaged = false } = {}): Promise<string> => {
  const program = file()
  const sum = createHash('sha256').update(program).digest('hex')
  const sums = `${sum}  ${NAME}\n${'0'.repeat(64)}  rendezvous.tgz\n`
  const assets = new Map<string, Buffer | string>([
    [NAME, damaged ? Buffer.concat([program, Buffer.from('\n')]) : program],
    ['SHA256SUMS', sums],
  ])
  const places = ['/latest/download/', `/download/v${manifest.version}/`]
  const server = createServer(({ url = '' }, response) => {
    const place = places.find((start) => url.startsWith(start)) ?? url
    const asset = assets.get(url.slice(place.length))
    response.writeHead(asset === undefined ? 404 : 200).end(asset)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
