import { once } from 'node:events'
import { invocation } from '../invocation.ts'

/** A result on stdout: a line of text, or with `--json` an object. Waits for a slow reader. */
export const printResult = async (text: string | undefined, json: object): Promise<void> => {
  if (invocation.style.json) return printLine(JSON.stringify(json))
  if (text !== undefined) return printLine(text)
}

const printLine = async (line: string): Promise<void> => {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

/** With `--json`, the result of a command whose stdout belongs to COMMAND: an object on stderr, as its errors are. */
export const printBesideCommand = (json: object): void => {
  if (invocation.style.json) process.stderr.write(`${JSON.stringify(json)}\n`)
}

let lineIsLive = false

/** Whether the terminal's last line is drawn again and again: a remark takes its place. */
export const setLineLive = (live: boolean): void => {
  lineIsLive = live
}

/** What makes room for another line where a live one is. */
export const CLEAR_LINE = '\r\u001b[2K'

/** A remark for people, on stderr. */
export const note = (sentence: string): void => {
  if (invocation.style.quiet) return
  process.stderr.write(`${lineIsLive ? CLEAR_LINE : ''}rdv: ${sentence}\n`)
}

/** Aligned columns with a header on a terminal, tab-separated values without one elsewhere. */
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

/** Other programs may have written anything: nothing of it may move the cursor, or look like another cell. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const plain = (cell: string): string => cell.replace(/[\u0000-\u001f\u007f-\u009f]/g, '\ufffd')
