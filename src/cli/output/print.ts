import { once } from 'node:events'
import { invocation } from '../invocation.ts'

/** Prints a result on stdout: a line of text, or an object with `--json`. Waits for a slow reader. */
export const printResult = async (text: string | undefined, json: object): Promise<void> => {
  if (invocation.style.json) return printLine(JSON.stringify(json))
  if (text !== undefined) return printLine(text)
}

const printLine = async (line: string): Promise<void> => {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

/** With `--json`, prints a result on stderr, because stdout belongs to COMMAND. */
export const printBesideCommand = (json: object): void => {
  if (invocation.style.json) process.stderr.write(`${JSON.stringify(json)}\n`)
}

let lineIsLive = false

/** `live`: the terminal's last line is redrawn again and again. A note then takes the place of this line. */
export const setLineLive = (live: boolean): void => {
  lineIsLive = live
}

/** Clears the terminal's last line. */
export const CLEAR_LINE = '\r\u001b[2K'

/** Prints a note for people on stderr, unless `--quiet` is set. */
export const note = (sentence: string): void => {
  if (invocation.style.quiet) return
  process.stderr.write(`${lineIsLive ? CLEAR_LINE : ''}rdv: ${sentence}\n`)
}

/**
 * The lines of a table: aligned columns with a header on a terminal, elsewhere tab-separated values without a header.
 */
export const formatTable = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
  terminal: boolean = process.stdout.isTTY === true,
): string[] => {
  const lines = rows.map((row) => row.map(plain))
  if (!terminal) return lines.map((row) => row.join('\t'))
  const all = [header, ...lines]
  const widths = header.map((_, column) =>
    Math.max(...all.map((row) => (row[column] ?? '').length)),
  )
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

/** Replaces control characters: text from other programs must not move the cursor or look like another cell. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const plain = (cell: string): string => cell.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd')
