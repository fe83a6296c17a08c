import { UnavailableError } from '../../errors.ts'
import type { Answer } from '../http-message.ts'
import { type Asked, readAnswer } from './answer.ts'
import { EPOCH_HEADER, type Greeting, PROTOCOL } from './protocol.ts'

/**
 * What the server says of itself and its store.
 * @throws UnavailableError it refuses us, is no rendezvous server, or speaks another protocol.
 */
export const readGreeting = (answer: Answer, asked: Asked): Greeting => {
  const { address } = asked
  if (answer.status === 404 && answer.headers[EPOCH_HEADER] !== undefined) {
    throw mismatch(address, 'a newer protocol', 'this rdv')
  }
  const greeting = readAnswer<Greeting>(answer, asked)
  if (greeting.protocol > PROTOCOL) throw mismatch(address, spoken(greeting), 'this rdv')
  if (greeting.protocol < PROTOCOL) throw mismatch(address, spoken(greeting), 'the server')
  return greeting
}

const spoken = ({ protocol }: Greeting): string => `protocol ${protocol}`

const mismatch = (address: string, spoken: string, older: string): UnavailableError =>
  new UnavailableError(
    `${address} speaks ${spoken}, but this rdv speaks protocol ${PROTOCOL}: update ${older}`,
    { retryable: false },
  )
