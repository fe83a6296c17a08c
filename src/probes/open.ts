import { UsageError } from '../base/errors.ts'
import { quoteRedacted } from '../base/redact.ts'
import { mostSimilar } from '../base/similar.ts'
import { adviceFor } from './advice.ts'
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

/** The beginning of each kind of probe URL. */
export const PROBE_URLS: readonly string[] = [...factories.keys()].map((scheme) => {
  if (scheme === 'exec') return 'exec:'
  return scheme === 'file' || scheme === 'unix' ? `${scheme}:///` : `${scheme}://`
})

/** Returns whether a text is meant as a probe URL and not as a key. Its scheme may be unknown. */
export const isProbeUrl = (text: string): boolean => /^exec:|^[a-z][a-z0-9+.-]*:\/\//i.test(text)

/**
 * Returns the probe for a URL. It checks nothing yet.
 * @throws UsageError if the URL is malformed or its scheme is unknown. The message is one sentence that says what to
 * write instead.
 */
export const openProbe = (url: string, options: ProbeOptions = {}): Probe => {
  if (!isProbeUrl(url)) throw noUrl(url)
  const scheme = url.slice(0, url.indexOf(':')).toLowerCase()
  const factory = factories.get(scheme)
  if (factory === undefined) throw unknownScheme(url, scheme)
  if (/^https?:\/\/unix:\//i.test(url)) throw noUrl(url)
  return factory(url, options)
}

const noUrl = (text: string): UsageError => {
  const offer = adviceFor(text)?.write ?? 'one such as tcp://HOST:PORT'
  const shown = text.trim() === '' ? 'an empty text' : quoteRedacted(text)
  return new UsageError(`${shown} is not the URL of a probe: write ${offer}`)
}

const unknownScheme = (url: string, scheme: string): UsageError =>
  new UsageError(`there is no probe for the scheme ${scheme}: ${offerFor(url, scheme)}`)

const offerFor = (url: string, scheme: string): string => {
  const advice = adviceFor(url)
  if (advice) return `write ${advice.write}`
  if (/^(consuls?|etcds?|memory|sqlite)$/.test(scheme)) return 'write --backend to name a store'
  const known = [...factories.keys()]
  const similar = mostSimilar(scheme, known)
  const offer = similar === undefined ? 'write' : `did you mean ${similar}, or`
  return `${offer} one of ${known.join(', ')}`
}
