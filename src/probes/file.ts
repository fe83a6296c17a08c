import { printable, redact } from '../base/redact.ts'
import { attempt, up } from './attempt.ts'
import { absences, parsePathUrl } from './path-url.ts'
import type { ProbeFactory } from './probe.ts'
import { expectBlocking } from './threads.ts'

/** `file:///PATH`: up if anything exists at the path. A symbolic link is followed. */
const file: ProbeFactory = (text) => {
  const path = parsePathUrl(text)
  expectBlocking(path)
  const check = async () => {
    const { stat } = await import('node:fs/promises')
    await stat(path)
    return up
  }
  return { name: printable(redact(text)), check: (signal) => attempt(signal, check, absences) }
}

export default file
