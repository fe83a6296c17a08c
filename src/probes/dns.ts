import { redact } from '../base/redact.ts'
import { resolve } from './addresses.ts'
import { attempt, up } from './attempt.ts'
import { parseEndpoint, type Shape } from './endpoint.ts'
import type { ProbeFactory } from './probe.ts'

const shape: Shape = { form: 'dns://NAME', port: 'none' }

/** `dns://NAME`: up if the name resolves as it does for any program of this machine (getaddrinfo). */
const dns: ProbeFactory = (text) => {
  const { host } = parseEndpoint(text, shape)
  const check = async () => {
    await resolve(host)
    return up
  }
  return { name: redact(text), check: (signal) => attempt(signal, check) }
}

export default dns
