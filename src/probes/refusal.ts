import { setTimeout as sleep } from 'node:timers/promises'
import { cLibrary } from '../base/c-library.ts'
import { codeOf } from '../base/reason.ts'

/** The destination of a connection. */
export type Destination =
  | { readonly path: string }
  | { readonly host: string; readonly port: number }

interface Sockets {
  socket(family: number, type: number, protocol: number): number
  connect(socket: number, address: Buffer, length: number): number
  poll(polled: Buffer, count: number, timeout: number): number
  getsockopt(socket: number, level: number, option: number, value: Buffer, size: Buffer): number
  inet_pton(family: number, text: Buffer, address: Buffer): number
  close(socket: number): number
  __errno_location(): number
}

const SOCKETS = {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'u32'], returns: 'i32' },
  poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  inet_pton: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
  __errno_location: { args: [], returns: 'ptr' },
} as const

/** Constants of Linux. */
const AF = { unix: 1, ipv4: 2, ipv6: 10 }
const NONBLOCKING_STREAM = 0o1 | 0o4000 | 0o2000000
const SOL_SOCKET = 1
const SO_ERROR = 4
const POLLOUT = 4
const EINPROGRESS = 115

/** Milliseconds between two polls for the end of a connect. */
const pause = 5

let library: Sockets | undefined

/**
 * Returns the error of a connect as Node reports it. bun reports every failure as "refused", even if there is no route,
 * no descriptor is left or a queue is full. So this connects once more through the C library.
 */
export const asOfSystem = async (
  error: unknown,
  place: Destination,
  signal: AbortSignal,
): Promise<unknown> => {
  const isBlurred = process.versions.bun !== undefined && process.platform === 'linux'
  if (!isBlurred || codeOf(error) !== 'ECONNREFUSED') return error
  library ??= cLibrary<Sockets>(SOCKETS)
  const number = await connectError(library, place, signal)
  if (number === 0) return error
  const { getSystemErrorName } = await import('node:util')
  const code = getSystemErrorName(-number)
  return Object.assign(new Error(code, { cause: error }), { code })
}

/** Returns 0 if there was no error, or the error is not known. */
const connectError = async (
  c: Sockets,
  place: Destination,
  signal: AbortSignal,
): Promise<number> => {
  const address = addressOf(c, place)
  if (address === undefined) return 0
  const socket = c.socket(address.readUInt16LE(0), NONBLOCKING_STREAM, 0)
  if (socket < 0) return errorNumber(c)
  try {
    if (c.connect(socket, address, address.length) === 0) return 0
    const error = errorNumber(c)
    return error === EINPROGRESS ? await laterError(c, socket, signal) : error
  } finally {
    c.close(socket)
  }
}

const laterError = async (c: Sockets, socket: number, signal: AbortSignal): Promise<number> => {
  const polled = Buffer.alloc(8)
  polled.writeInt32LE(socket, 0)
  polled.writeInt16LE(POLLOUT, 4)
  while (c.poll(polled, 1, 0) === 0) await sleep(pause, undefined, { signal })
  const value = Buffer.alloc(4)
  const size = Buffer.from([value.length, 0, 0, 0])
  return c.getsockopt(socket, SOL_SOCKET, SO_ERROR, value, size) === 0 ? value.readInt32LE(0) : 0
}

/** Returns a `sockaddr`, or `undefined` for an address with a zone. */
const addressOf = (c: Sockets, place: Destination): Buffer | undefined => {
  if ('path' in place) {
    const path = Buffer.from(`..${place.path}\0`)
    path.writeUInt16LE(AF.unix, 0)
    return path
  }
  const isIpv6 = place.host.includes(':')
  const address = Buffer.alloc(isIpv6 ? 28 : 16)
  const family = isIpv6 ? AF.ipv6 : AF.ipv4
  address.writeUInt16LE(family, 0)
  address.writeUInt16BE(place.port, 2)
  const text = Buffer.from(`${place.host}\0`)
  return c.inet_pton(family, text, address.subarray(isIpv6 ? 8 : 4)) === 1 ? address : undefined
}

const errorNumber = (c: Sockets): number => {
  const ffi = process.getBuiltinModule('bun:ffi') as unknown as {
    read: { i32(pointer: number): number }
  }
  return ffi.read.i32(c.__errno_location())
}
