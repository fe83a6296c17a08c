import { redact } from '../base/redact.ts'
import { attempt, up } from './attempt.ts'
import { dial } from './dial.ts'
import { checkEachAddress } from './each-address.ts'
import { parseEndpoint, type Shape } from './endpoint.ts'
import type { ProbeFactory } from './probe.ts'

const shape: Shape = { form: 'tcp://HOST:PORT with a port from 1 to 65535', port: 'required' }

/** `tcp://HOST:PORT`: up if the server accepts a connection. */
const tcp: ProbeFactory = (text, { resolve }) => {
  const { host, port } = parseEndpoint(text, shape)
  const connect = (address: string, signal: AbortSignal) =>
    attempt(signal, () => dial({ host: address, port }, signal, () => up))
  return {
    name: redact(text),
    check: (signal) => attempt(signal, () => checkEachAddress(host, signal, connect, resolve)),
  }
}

export default tcp
