import { closeSync, openSync, readSync } from 'node:fs'
import { isElf, readElf } from './elf.ts'

/**
 * How a file is run: by the kernel, by another program that must exist, or by the shell, as execvp(3) runs a text file
 * without `#!`. For an unusable file, `reason` says why execve(2) would fail.
 */
export type Format =
  | { readonly kind: 'kernel' | 'shell' }
  | { readonly kind: 'interpreted'; readonly interpreter: string }
  | { readonly kind: 'unusable'; readonly reason: string }

const HEAD = 4096
// The kernel reads no more of a `#!` line (BINPRM_BUF_SIZE).
const SCRIPT_LINE = 256
const MACH_O = new Set(['feedface', 'feedfacf', 'cefaedfe', 'cffaedfe', 'cafebabe'])

/** Determines the format of an executable file. A file that may be run but not read counts as a binary. */
export function formatOf(path: string): Format {
  const head = headOf(path)
  if (head === undefined) return { kind: 'kernel' }
  if (isElf(head)) return binary(head)
  if (process.platform === 'darwin' && MACH_O.has(head.toString('hex', 0, 4)))
    return { kind: 'kernel' }
  return head.toString('latin1', 0, 2) === '#!' ? script(head) : text(head)
}

function headOf(path: string): Buffer | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const head = Buffer.alloc(HEAD)
    return head.subarray(0, readSync(file, head, 0, HEAD, 0))
  } catch {
    return undefined
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function binary(head: Buffer): Format {
  const { native, program, loader } = readElf(head, headOf(process.execPath) ?? head)
  if (!native) return { kind: 'unusable', reason: 'is a program for another machine' }
  if (!program) return { kind: 'unusable', reason: 'is not a program' }
  return loader === undefined ? { kind: 'kernel' } : { kind: 'interpreted', interpreter: loader }
}

function script(head: Buffer): Format {
  const line = head.toString('utf8', 2, SCRIPT_LINE).split(/[\n\0]/, 1)[0] ?? ''
  // For the kernel, a carriage return is part of the name.
  const interpreter = line.replace(/^[ \t]+/, '').split(/[ \t]/, 1)[0]
  return interpreter ? { kind: 'interpreted', interpreter } : { kind: 'shell' }
}

// bash's rule: a file with a NUL in its first line was never meant for a shell.
function text(head: Buffer): Format {
  const newline = head.indexOf('\n')
  const firstLine = newline === -1 ? head : head.subarray(0, newline)
  return firstLine.includes(0)
    ? { kind: 'unusable', reason: 'is not a program' }
    : { kind: 'shell' }
}
