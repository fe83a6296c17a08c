import { UnavailableError } from '../../base/errors.ts'
import type { HttpResponse } from '../network/http-message.ts'
import { EPOCH_HEADER, type Greeting, PROTOCOL } from './protocol.ts'
import { parseResponse, type ServerIdentity } from './response.ts'

/**
 * The server's description of itself and its store.
 * @throws UnavailableError the server refuses access, is not a rendezvous server, or speaks another protocol.
 */
export const readGreeting = (response: HttpResponse, server: ServerIdentity): Greeting => {
  const { address } = server
  if (response.status === 404 && response.headers[EPOCH_HEADER] !== undefined) {
    throw mismatch(address, 'a newer protocol', 'this rdv')
  }
  const greeting = parseResponse<Greeting>(response, server)
  if (greeting.protocol > PROTOCOL) throw mismatch(address, protocolOf(greeting), 'this rdv')
  if (greeting.protocol < PROTOCOL) throw mismatch(address, protocolOf(greeting), 'the server')
  return greeting
}

const protocolOf = ({ protocol }: Greeting): string => `protocol ${protocol}`

const mismatch = (address: string, spoken: string, older: string): UnavailableError =>
  new UnavailableError(
    `${address} speaks ${spoken}, but this rdv speaks protocol ${PROTOCOL}: update ${older}`,
    { retryable: false },
  )
