import { cLibrary } from '../../base/c-library.ts'

export const POLLIN = 1
export const POLLERR = 8

interface Polling {
  poll(descriptors: Int32Array, count: number, timeout: number): number
}

let library: Polling | undefined

/**
 * The events of a descriptor at this moment, from poll(2). POLLERR and POLLHUP are always reported. Works only within
 * bun.
 */
export const pollOnce = (descriptor: number, events = 0): number => {
  library ??= cLibrary<Polling>({ poll: { args: ['ptr', 'u64', 'i32'], returns: 'i32' } })
  // struct pollfd: the descriptor, then the requested and the reported events, of 16 bits each
  const asked = Int32Array.of(descriptor, events)
  library.poll(asked, 1, 0)
  return new Int16Array(asked.buffer)[3] ?? 0
}
