import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import type { SocketConstructorOpts } from 'node:net'
import { POLLIN, pollOnce } from './poll.ts'

export const isPipe = (descriptor: number): boolean => {
  try {
    return fstatSync(descriptor).isFIFO()
  } catch {
    return false
  }
}

/**
 * Whether a pipe that this process writes to contains data that the reader has not taken. `undefined` if this is
 * unknown, as on systems other than Linux. Reads nothing: it opens the other end of the pipe for a moment, and asks the
 * system about that end.
 */
export const unread = async (descriptor: number): Promise<boolean | undefined> => {
  const end = openOtherEnd(descriptor)
  if (end === undefined) return undefined
  return process.versions.bun === undefined ? listen(end) : poll(end)
}

const openOtherEnd = (descriptor: number): number | undefined => {
  try {
    const path = `/proc/self/fd/${descriptor}`
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}

/** Node has no poll. But libuv without a buffer reports `ENOBUFS` if there is something to read, and reads nothing. */
const listen = async (end: number): Promise<boolean | undefined> => {
  const { Socket } = await import('node:net')
  return new Promise((resolve) => {
    const options = { fd: end, readable: true, writable: false, onread: NO_ROOM }
    const socket = new Socket(options as SocketConstructorOpts)
    const settle = (answer: boolean | undefined) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      settle(code === 'ENOBUFS' ? true : undefined),
    )
    // After two turns, the event loop has looked at the descriptor, whatever its phase was.
    setImmediate(() => setImmediate(() => settle(false)))
  })
}

const NO_ROOM = { buffer: new Uint8Array(0), callback: () => true }

const poll = (end: number): boolean | undefined => {
  try {
    return (pollOnce(end, POLLIN) & POLLIN) !== 0
  } catch {
    return undefined
  } finally {
    closeSync(end)
  }
}
