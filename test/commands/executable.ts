import { join, resolve } from 'node:path'

const named = process.env.RDV_TEST_EXECUTABLE

/** Whether the tested program is a standalone executable, which contains its runtime. */
export const standalone = named !== undefined

/**
 * The tested program: the file that npm installs as `rdv`, or the standalone executable that `RDV_TEST_EXECUTABLE`
 * names.
 */
export const executable = named ? resolve(named) : join(import.meta.dirname, '../../bin/rdv.cjs')

/** The command line that runs it with these arguments. */
export const program = (args: readonly string[]): [file: string, args: readonly string[]] =>
  standalone ? [executable, args] : [process.execPath, [executable, ...args]]
