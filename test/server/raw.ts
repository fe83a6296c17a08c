import { connect, type Socket } from 'node:net'

/** The answer of a server to some bytes. */
export interface RawAnswer {
  /** 0 if the connection was closed without an answer. */
  readonly status: number
  /** The parsed value, if the body is JSON. */
  readonly body: unknown
}

/** Opens a connection to which the test writes by itself. An error ends the connection. */
export const dial = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket))
    socket.once('error', reject)
    socket.on('error', () => {})
  })

/** Sends bytes unchanged, and reads one answer. `more` is sent again and again as long as there is no answer. */
export const sendRaw = async (
  port: number,
  bytes: string | Uint8Array,
  more?: string,
): Promise<RawAnswer> => {
  const socket = await dial(port)
  try {
    socket.write(bytes)
    const feeding = more === undefined ? undefined : setInterval(() => socket.write(more), 5)
    const answer = await readAnswer(socket)
    clearInterval(feeding)
    return answer
  } finally {
    socket.destroy()
  }
}

const readAnswer = async (socket: Socket): Promise<RawAnswer> => {
  let text = ''
  try {
    for await (const piece of socket) {
      text += piece
      const answer = parse(text)
      if (answer) return answer
    }
  } catch {
    // closed in the middle: the bytes so far may be the answer
  }
  return parse(text, true) ?? { status: 0, body: text }
}

const parse = (text: string, ended = false): RawAnswer | undefined => {
  const [head = '', rest] = text.split(/\r\n\r\n(.*)/s)
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? Number.NaN)
  if (rest === undefined || (!ended && !(Buffer.byteLength(rest) >= length))) return undefined
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0)
  try {
    return { status, body: JSON.parse(rest) }
  } catch {
    return { status, body: rest }
  }
}
