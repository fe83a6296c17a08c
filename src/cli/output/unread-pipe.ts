import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import type { SocketConstructorOpts } from 'node:net'
import { POLLIN, pollOnce } from './poll.ts'

/** Whether a descriptor is a pipe. */
export const isPipe = (descriptor: number): boolean => {
  try {
    return fstatSync(descriptor).isFIFO()
  } catch {
    return false
  }
}

/**
 * Whether a pipe that this process writes to holds something that its reader has not taken; `undefined`: that cannot be
 * told, as outside Linux. Nothing is read: its other end is opened for a moment, and the system is asked about that.
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

/** Node does not poll. But libuv, given no room for a single byte, says `ENOBUFS` if there is something to read, and reads nothing. */
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
    // By then the event loop has looked, in whichever phase it was.
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
