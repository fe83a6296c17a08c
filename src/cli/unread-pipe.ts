import { constants, fstatSync, openSync } from 'node:fs'
import type { SocketConstructorOpts } from 'node:net'

/** Whether a descriptor is a pipe of which `unread` may tell more. */
export const isPipe = (descriptor: number): boolean => {
  try {
    return fstatSync(descriptor).isFIFO() && process.versions.bun === undefined
  } catch {
    return false
  }
}

/**
 * Whether a pipe that this process writes to holds something that its reader has not taken; `undefined`: that cannot be
 * told. Nothing is read: the other end is opened for a moment, and listened to with no room for a single byte, which libuv
 * reports as `ENOBUFS` if there is something to read.
 */
export const unread = async (descriptor: number): Promise<boolean | undefined> => {
  const { Socket } = await import('node:net')
  const end = openOtherEnd(descriptor)
  if (end === undefined) return undefined
  return new Promise((resolve) => {
    const listening = { fd: end, readable: true, writable: false, onread: NO_ROOM }
    const socket = new Socket(listening as SocketConstructorOpts)
    const settle = (answer: boolean | undefined) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('error', ({ code }: NodeJS.ErrnoException) =>
      settle(code === 'ENOBUFS' ? true : undefined),
    )
    // The event loop has looked at it in between, from whatever phase this was called.
    setImmediate(() => setImmediate(() => settle(false)))
  })
}

const NO_ROOM = { buffer: new Uint8Array(0), callback: () => true }

const openOtherEnd = (descriptor: number): number | undefined => {
  try {
    const path = `/proc/self/fd/${descriptor}`
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return undefined
  }
}
