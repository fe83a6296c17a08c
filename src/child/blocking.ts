import { constants } from 'node:fs'
import { Socket } from 'node:net'
import { flagsOf } from './descriptors.ts'

interface Handle {
  setBlocking?(blocking: boolean): number
}

/**
 * Makes the standard streams blocking again. Node sets O_NONBLOCK on each pipe or socket among them that it has used.
 * The flag belongs to the open file, so the next program and every other process that has the file open would get
 * EAGAIN. Terminals need no change, because Node opens them anew.
 */
export function makeStdioBlocking(): void {
  for (const fd of [0, 1, 2]) if (isNonBlocking(fd)) handleOn(fd)?.setBlocking?.(true)
}

function isNonBlocking(fd: number): boolean {
  const flags = flagsOf(fd)
  if (flags === undefined) return process.platform !== 'linux'
  return (flags & constants.O_NONBLOCK) !== 0
}

function handleOn(fd: number): Handle | undefined {
  const stream = [process.stdin, process.stdout, process.stderr][fd]
  return handleOf(stream) ?? handleOf(new Socket({ fd, readable: false, writable: false }))
}

// Node has no public name for the handle.
const handleOf = (stream: unknown): Handle | undefined =>
  (stream as { _handle?: Handle | null })._handle ?? undefined
