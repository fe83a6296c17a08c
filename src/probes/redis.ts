import type { Socket } from 'node:net'
import { printable, redact } from '../base/redact.ts'
import { attempt, down, unknown, up } from './attempt.ts'
import { dial, type Peer } from './dial.ts'
import { checkEachAddress } from './each-address.ts'
import { decoded, type Endpoint, malformed, parseEndpoint, type Shape } from './endpoint.ts'
import type { ProbeFactory, ProbeResult } from './probe.ts'

/** The longest reply, in characters, that Redis can send to AUTH, SELECT and PING. */
const replyLimit = 16 * 1024

const shape: Shape = {
  form: 'redis://USER:PASSWORD@HOST:PORT/DATABASE, of which only HOST is required',
  port: { default: 6379 },
  allows: ['credentials', 'path'],
}

/** `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://` over TLS: up if the server answers PING. */
const redis: ProbeFactory = (text, { resolve }) => {
  const endpoint = parseEndpoint(text, shape)
  const { url } = endpoint
  if (!/^(\/\d*)?$/.test(url.pathname))
    throw malformed(text, 'has a path that is not a database number', shape.form)
  if (url.username !== '' && url.password === '')
    throw malformed(text, 'has a user but no password', shape.form)
  const commands = commandsFor(url)
  const ping = (address: string, signal: AbortSignal) =>
    attempt(signal, () => dial(peer(endpoint, address), signal, (it) => converse(it, commands)))
  return {
    name: redact(text),
    check: (signal) =>
      attempt(signal, () => checkEachAddress(endpoint.host, signal, ping, resolve)),
  }
}

export default redis

const commandsFor = ({ username, password, pathname }: URL): string[][] => {
  const words = [username, password]
    .map((word) => decoded(word) ?? '')
    .filter((word) => word !== '')
  const auth = words.length > 0 ? [['AUTH', ...words]] : []
  const database = Number(pathname.slice(1))
  return [...auth, ...(database > 0 ? [['SELECT', String(database)]] : []), ['PING']]
}

const peer = ({ url, host, port }: Endpoint, address: string): Peer =>
  url.protocol === 'rediss:' ? { host: address, port, servername: host } : { host: address, port }

const converse = async (socket: Socket, commands: string[][]): Promise<ProbeResult> => {
  socket.write(commands.map(encode).join(''))
  const awaited = commands.map(([word]) => word)
  for await (const reply of replies(socket)) {
    const word = awaited.shift()
    if (reply !== (word === 'PING' ? '+PONG' : '+OK')) return refused(reply, word)
    if (awaited.length === 0) return up
  }
  return down('connection closed')
}

/** Encodes a command as an array of bulk strings of RESP. */
const encode = (words: string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`

async function* replies(socket: Socket): AsyncGenerator<string> {
  let rest = ''
  for await (const chunk of socket.setEncoding('utf8') as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\r\n')
    rest = lines.pop() ?? ''
    yield* lines
    if (rest.length > replyLimit) yield ''
  }
}

/** Only the error LOADING means that the server is not up. With any other error, the server serves other clients. */
const refused = (reply: string, word: string | undefined): ProbeResult => {
  const reason = refusal(reply, word)
  return /^-(?!LOADING)/.test(reply) ? unknown(reason) : down(reason)
}

/** A server without a password refuses every password. Versions before 6 use other words for that. */
const openServer = /no password is set|without any password configured/

const refusal = (reply: string, word: string | undefined): string => {
  if (!reply.startsWith('-')) return 'does not speak Redis'
  if (openServer.test(reply))
    return 'the server has no password set: leave the password out of the URL'
  const [code = ''] = reply.slice(1).split(' ', 1)
  // Redis quotes the arguments of a command that it does not know, so its reply to AUTH is not printed.
  const other = word === 'AUTH' ? 'authentication failed' : printable(redact(reply.slice(1)))
  return refusals.get(code) ?? other
}

const refusals: ReadonlyMap<string, string> = new Map([
  ['DENIED', 'it serves local clients only (protected mode)'],
  ['LOADING', 'it is still loading its data'],
  ['NOAUTH', 'a password is required'],
  ['WRONGPASS', 'authentication failed'],
])
