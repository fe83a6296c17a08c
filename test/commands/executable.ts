import { join, resolve } from 'node:path'

const named = process.env.RDV_TEST_EXECUTABLE

/** Whether what is tested is a standalone executable, which brings its runtime with it. */
export const standalone = named !== undefined

/** What is tested: the file that npm installs as `rdv`, or the standalone one that `RDV_TEST_EXECUTABLE` names. */
export const executable = named ? resolve(named) : join(import.meta.dirname, '../../bin/rdv.cjs')

/** How it is started with these arguments. */
export const program = (args: readonly string[]): [file: string, args: readonly string[]] =>
  standalone ? [executable, args] : [process.execPath, [executable, ...args]]
