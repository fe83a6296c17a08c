import { fstatSync, type Stats, writeSync } from 'node:fs'
import { quietBuiltin } from '../../base/quiet-builtin.ts'
import { POLLERR, pollOnce } from './poll.ts'

/** Milliseconds between two checks. */
const CHECK_INTERVAL = 1_000

/**
 * Calls `gone` once when the last reader of a descriptor has closed it. A process learns this when it writes, so a
 * process without results would never learn it. Works for pipes and sockets, if the system can tell. Does not keep the
 * process alive.
 */
export const watchReader = (descriptor: number, gone: () => void): void => {
  const has = readerCheck(descriptor)
  if (!has) return
  const timer = setInterval(() => {
    if (has.reader()) return
    clearInterval(timer)
    gone()
  }, CHECK_INTERVAL)
  timer.unref()
}

interface ReaderCheck {
  /** Whether there is a reader. True if this is unknown. */
  reader(): boolean
}

const readerCheck = (descriptor: number): ReaderCheck | undefined => {
  const file = statOf(descriptor)
  if (file?.isSocket()) return { reader: () => takesNothing(descriptor) }
  if (!file?.isFIFO()) return undefined
  return process.versions.bun === undefined
    ? pollByWasi(descriptor)
    : { reader: () => (pollOnce(descriptor) & POLLERR) === 0 }
}

const statOf = (descriptor: number): Stats | undefined => {
  try {
    return fstatSync(descriptor)
  } catch {
    return undefined
  }
}

/**
 * An empty write to a socket sends nothing, and fails if the other end is closed. It succeeds if the other end has only
 * stopped sending: that end still reads.
 */
const takesNothing = (descriptor: number): boolean => {
  try {
    writeSync(descriptor, new Uint8Array(0))
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPIPE'
  }
}

/** A module with a memory that does nothing: `(module (memory (export "memory") 1) (func (export "_start")))`. */
const MODULE = 'AGFzbQEAAAABBAFgAAADAgEABQMBAAEHEwIGbWVtb3J5AgAGX3N0YXJ0AAAKBAECAAs='

/**
 * Addresses in its memory. At 0 are two subscriptions of 48 bytes each; then the events of 32 bytes, and their number.
 */
const EVENTS = 128
const COUNT = 256
const [CLOCK, FD_READ] = [0, 1]

/** Nanoseconds. With a shorter timeout, the system would not look at descriptors at all. */
const MIN_TIMEOUT = 1_000_000n

/** Node has no poll, but its WASI has one for WebAssembly: `poll_oneoff` of preview 1, https://wasi.dev. */
const pollByWasi = (descriptor: number): ReaderCheck | undefined => {
  try {
    const { WASI } = quietBuiltin<typeof import('node:wasi')>('node:wasi')
    const wasi = new WASI({ version: 'preview1', returnOnExit: true })
    const { Instance, Module } = assembly()
    const instance = new Instance(new Module(Buffer.from(MODULE, 'base64')))
    wasi.start(instance)
    const memory = instance.exports.memory.buffer
    const poll = (wasi.wasiImport as unknown as Preview1).poll_oneoff
    return { reader: () => !hasFailed(new DataView(memory), descriptor, poll) }
  } catch {
    return undefined
  }
}

/** The used part of WebAssembly. TypeScript has these types only in the library for browsers. */
interface Assembly {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { exports: { memory: { buffer: ArrayBuffer } } }
}

const assembly = (): Assembly => (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly

interface Preview1 {
  poll_oneoff(subscriptions: number, events: number, count: number, found: number): number
}

/** The write end of a pipe is never readable. Its only possible event is the error that there is no reader. */
const hasFailed = (
  memory: DataView,
  descriptor: number,
  poll: Preview1['poll_oneoff'],
): boolean => {
  memory.setUint8(8, FD_READ)
  memory.setUint32(16, descriptor, true)
  memory.setUint8(48 + 8, CLOCK)
  memory.setUint32(48 + 16, 1, true)
  memory.setBigUint64(48 + 24, MIN_TIMEOUT, true)
  if (poll(0, EVENTS, 2, COUNT) !== 0) return false
  const events = Array.from({ length: memory.getUint32(COUNT, true) }, (_, at) => EVENTS + 32 * at)
  return events.some(
    (at) => memory.getUint8(at + 10) === FD_READ && memory.getUint16(at + 8, true) !== 0,
  )
}
