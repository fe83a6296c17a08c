import { once } from 'node:events'
import { invocation } from './invocation.ts'

/** A result on stdout: a line of text, or with `--json` an object. Waits for a slow reader. */
export const printResult = async (text: string | undefined, json: object): Promise<void> => {
  if (invocation.style.json) return printLine(JSON.stringify(json))
  if (text !== undefined) return printLine(text)
}

const printLine = async (line: string): Promise<void> => {
  if (!process.stdout.write(`${line}\n`)) await once(process.stdout, 'drain')
}

/** A remark for people, on stderr. */
export const note = (sentence: string): void => {
  if (!invocation.style.quiet) process.stderr.write(`rdv: ${sentence}\n`)
}

/** Aligned columns with a header on a terminal, tab-separated values without one elsewhere. */
export const formatTable = (
  header: readonly string[],
  rows: readonly (readonly string[])[],
  terminal: boolean = process.stdout.isTTY === true,
): string[] => {
  if (!terminal) return rows.map((row) => row.join('\t'))
  const all = [header, ...rows]
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
