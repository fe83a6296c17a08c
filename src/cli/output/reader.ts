import { fstatSync, type Stats, writeSync } from 'node:fs'
import { quietBuiltin } from '../../base/quiet-builtin.ts'
import { POLLERR, pollOnce } from './poll.ts'

/** Milliseconds between two checks. */
const CHECK_INTERVAL = 1_000

/**
 * Calls `gone` once when nobody can read any more what is written to a descriptor. Whoever writes learns that by the next
 * write; a stream on which nothing happens would never learn it. Only of pipes and sockets, and only where it can be told.
 * Keeps no process alive.
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
  /** Also where that cannot be told. */
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

/** To write nothing to a socket sends nothing, and fails where the other end was closed. One that only stopped sending reads on. */
const takesNothing = (descriptor: number): boolean => {
  try {
    writeSync(descriptor, new Uint8Array(0))
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EPIPE'
  }
}

/** A module that has a memory, and does nothing: `(module (memory (export "memory") 1) (func (export "_start")))`. */
const MODULE = 'AGFzbQEAAAABBAFgAAADAgEABQMBAAEHEwIGbWVtb3J5AgAGX3N0YXJ0AAAKBAECAAs='

/** In its memory: what is asked, two subscriptions of 48 bytes; where the events go, 32 bytes each; and how many came. */
const EVENTS = 128
const COUNT = 256
const [CLOCK, FD_READ] = [0, 1]

/** The system waits at least so long (nanoseconds), or it would not look at descriptors at all. */
const MIN_TIMEOUT = 1_000_000n

/** Node does not poll. But its WASI does, for WebAssembly: https://wasi.dev, `poll_oneoff` of preview 1. */
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

/** As much of WebAssembly as we use: its types are a browser's. */
interface Assembly {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { exports: { memory: { buffer: ArrayBuffer } } }
}

const assembly = (): Assembly => (globalThis as unknown as { WebAssembly: Assembly }).WebAssembly

interface Preview1 {
  poll_oneoff(subscriptions: number, events: number, count: number, found: number): number
}

/** A pipe that is written to is never readable: the one event that it can have is the error that its reader has gone. */
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
