import { join } from 'node:path'
import type { Command } from './measure.ts'

/** The built executable, run by this Node. */
export const rdv = (
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Command => ({
  name: `rdv ${words[0]}`,
  words: [process.execPath, join(import.meta.dirname, '../bin/rdv.cjs'), ...words],
  env,
})
