import { connect, type Socket } from 'node:net'

/** What a server answered to bytes. */
export interface RawAnswer {
  /** 0: none, the connection was closed. */
  readonly status: number
  /** Parsed, if it is JSON. */
  readonly body: unknown
}

/** Opens a connection that the test writes to by itself; errors are the end of it. */
export const dial = (port: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' }, () => resolve(socket))
    socket.once('error', reject)
    socket.on('error', () => {})
  })

/** Sends bytes as they are, and reads one answer. `more` is sent again and again, as long as there is none. */
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
    // closed in the middle: what came may be the answer
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
