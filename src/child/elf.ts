const HEADER = 64
const EXECUTABLE = 2
const SHARED = 3
const INTERPRETER = 3

/** The properties of an ELF file that decide whether the kernel will start it. */
export interface Elf {
  /** Whether it was built for the same machine as `own`. */
  readonly native: boolean
  /** Whether it is a program, and not an object file or a core. */
  readonly program: boolean
  /**
   * The dynamic loader (PT_INTERP). If it is missing, the start fails with ENOENT, as for a glibc program on a musl
   * system.
   */
  readonly loader: string | undefined
}

export const isElf = (head: Buffer): boolean => head.toString('latin1', 0, 4) === '\x7fELF'

/**
 * Reads the beginning of an ELF file. `own` is the beginning of this process's executable; it makes a table of machines
 * unnecessary.
 */
export function readElf(start: Buffer, own: Buffer): Elf {
  const head = start.length < HEADER ? Buffer.concat([start], HEADER) : start
  const type = number(head, 16, 2)
  return {
    native: !isElf(own) || sameMachine(head, own),
    program: type === EXECUTABLE || type === SHARED,
    loader: loaderOf(head),
  }
}

// Compares the class, the byte order and the machine.
const sameMachine = (a: Buffer, b: Buffer): boolean =>
  a[4] === b[4] && a[5] === b[5] && number(a, 18, 2) === number(b, 18, 2)

function loaderOf(head: Buffer): string | undefined {
  const wide = head[4] === 2
  const table = wide ? number(head, 32, 8) : number(head, 28, 4)
  const size = number(head, wide ? 54 : 42, 2)
  const end = Math.min(table + number(head, wide ? 56 : 44, 2) * size, head.length - size)
  for (let at = table; size > 0 && at <= end; at += size) {
    if (number(head, at, 4) !== INTERPRETER) continue
    const from = wide ? number(head, at + 8, 8) : number(head, at + 4, 4)
    return head.toString('utf8', from, head.indexOf(0, from)) || undefined
  }
  return undefined
}

// Reads six bytes of eight: no file is larger than 2^48, and a number could not hold more.
function number(head: Buffer, at: number, bytes: 2 | 4 | 8): number {
  const size = Math.min(bytes, 6)
  return head[5] === 2 ? head.readUIntBE(at + bytes - size, size) : head.readUIntLE(at, size)
}
