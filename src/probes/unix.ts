import { printable, redact } from '../base/redact.ts'
import { attempt, refusals, up } from './attempt.ts'
import { dial } from './dial.ts'
import { malformed } from './endpoint.ts'
import { absences, parsePathUrl } from './path-url.ts'
import type { ProbeFactory } from './probe.ts'

/** The longest path, in bytes, that fits into Linux's `sockaddr_un`. */
const maxPathLength = 107

const definite = new Set([...refusals, ...absences, 'EPROTOTYPE'])

const form = `unix:///PATH with a path of at most ${maxPathLength} bytes`

/** `unix:///PATH`: up if the socket accepts a connection. */
const unix: ProbeFactory = (text) => {
  const path = parsePathUrl(text)
  if (Buffer.byteLength(path) > maxPathLength)
    throw malformed(text, 'is too long for a socket', form)
  return {
    name: printable(redact(text)),
    check: (signal) => attempt(signal, () => dial({ path }, signal, () => up), definite),
  }
}

export default unix
