import { UsageError } from '../errors.ts'
import { printable, redactMalformed } from '../redact.ts'
import { mostSimilar } from '../similar.ts'
import dns from './dns.ts'
import exec from './exec.ts'
import file from './file.ts'
import http from './http.ts'
import postgres from './postgres.ts'
import type { Probe, ProbeFactory, ProbeOptions } from './probe.ts'
import redis from './redis.ts'
import tcp from './tcp.ts'
import unix from './unix.ts'

const factories: ReadonlyMap<string, ProbeFactory> = new Map([
  ['dns', dns],
  ['exec', exec],
  ['file', file],
  ['http', http],
  ['https', http],
  ['postgres', postgres],
  ['postgresql', postgres],
  ['redis', redis],
  ['rediss', redis],
  ['tcp', tcp],
  ['unix', unix],
])

/** How each kind of probe URL begins. */
export const PROBE_URLS: readonly string[] = [...factories.keys()].map((scheme) => {
  if (scheme === 'exec') return 'exec:'
  return scheme === 'file' || scheme === 'unix' ? `${scheme}:///` : `${scheme}://`
})

/** Whether a text is meant as a probe URL and not as a key; its scheme may be an unknown one. */
export const isProbeUrl = (text: string): boolean =>
  text.startsWith('exec:') || /^[a-z][a-z0-9+.-]*:\/\//i.test(text)

/**
 * The probe for a URL. Nothing is looked at yet.
 * @throws UsageError where the URL is malformed or of an unknown scheme: one sentence that says what to write instead.
 */
export const openProbe = (url: string, options: ProbeOptions = {}): Probe => {
  if (!isProbeUrl(url)) throw noUrl(url)
  const scheme = url.slice(0, url.indexOf(':')).toLowerCase()
  const factory = factories.get(scheme)
  if (factory === undefined) throw unknownScheme(scheme)
  return factory(url, options)
}

const noUrl = (text: string): UsageError => {
  const offer = /^(\[[\da-f:]+\]|[^\s:/@]+):\d+$/i.test(text)
    ? `tcp://${text}`
    : 'one such as tcp://HOST:PORT'
  return new UsageError(
    `${printable(redactMalformed(text)) || 'an empty text'} is not a probe URL: write ${offer}`,
  )
}

const unknownScheme = (scheme: string): UsageError => {
  const known = [...factories.keys()]
  const similar = mostSimilar(scheme, known)
  const offer = similar === undefined ? 'write' : `did you mean ${similar}, or`
  return new UsageError(
    `there is no probe for the scheme ${scheme}: ${offer} one of ${known.join(', ')}`,
  )
}
