import { fstatSync } from 'node:fs'
import { openDescriptor } from '../cli/output/descriptor-stream.ts'

type Name = 'stdout' | 'stderr'
type Listener = (...args: unknown[]) => void

const opened = new Map<Name, NodeJS.WriteStream>()

/** The standard output streams that were used. */
export const usedStreams = (): NodeJS.WriteStream[] => [...opened.values()]

/**
 * Stands for a standard output stream, and opens it at the first write, or at the first use of a property that needs the
 * stream. Opening a stream takes longer than any other part of a short command.
 */
const lazyStream = (name: Name, descriptor: number): NodeJS.WriteStream => {
  const early: [string, Listener][] = []
  const open = (): NodeJS.WriteStream => {
    const known = opened.get(name)
    if (known) return known
    const stream = streamOf(name, descriptor)
    opened.set(name, stream)
    for (const [event, listener] of early) stream.on(event, listener)
    return stream
  }
  const stream: NodeJS.WriteStream = new Proxy({} as NodeJS.WriteStream, {
    get(_, property) {
      if (!opened.has(name)) {
        if (property === 'isTTY' && !isDevice(descriptor)) return undefined
        if (property === 'write')
          return (...words: Parameters<typeof stream.write>) => open().write(...words)
        if (property === 'on')
          return (event: string, listener: Listener) => {
            early.push([event, listener])
            return stream
          }
      }
      const value = Reflect.get(open(), property)
      return typeof value === 'function' ? value.bind(open()) : value
    },
    set: (_, property, value) => Reflect.set(open(), property, value),
    has: (_, property) => property in open(),
  })
  return stream
}

const streamOf = (name: Name, descriptor: number): NodeJS.WriteStream => {
  if (process.versions.bun === undefined || isDevice(descriptor)) return process[name]
  return openDescriptor(descriptor) as unknown as NodeJS.WriteStream
}

const isDevice = (descriptor: number): boolean => {
  try {
    return fstatSync(descriptor).isCharacterDevice()
  } catch {
    return false
  }
}

export const lazyStdout: NodeJS.WriteStream = lazyStream('stdout', 1)
export const lazyStderr: NodeJS.WriteStream = lazyStream('stderr', 2)
