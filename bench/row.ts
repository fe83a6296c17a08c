import type { Stores } from './stores.ts'

/** One figure of a run. */
export interface Row {
  /** What was measured, and where. */
  readonly name: string
  readonly figure: number
  readonly unit: 'ms' | '/s' | 'KiB'
  /** Beside what it was measured in the same run, … */
  readonly against?: string
  /** … and how many times that it is: only this means something on another machine. */
  readonly ratio?: number
}

/** What belongs together, and is measured by itself under this name. */
export interface Subject {
  readonly name: string
  /** The rows, as soon as they are known. */
  measure(bench: Bench): AsyncIterable<Row>
}

export interface Bench {
  readonly stores: Stores
  /** So often each thing is done, or a number that follows from it. */
  readonly rounds: number
}

export const milliseconds = (name: string, figure: number): Row => ({ name, figure, unit: 'ms' })

export const perSecond = (name: string, figure: number): Row => ({ name, figure, unit: '/s' })

export const kibibytes = (name: string, figure: number): Row => ({ name, figure, unit: 'KiB' })

/** The same figure, compared. */
export const beside = (row: Row, other: Row): Row => ({
  ...row,
  against: other.name,
  ratio: row.figure / other.figure,
})

/** A line of a table, whose columns are as wide as is common. */
export const formatRow = ({ name, figure, unit, against, ratio }: Row): string => {
  const digits = figure < 1_000 ? 1 : 0
  const shown = `${figure.toFixed(digits)} ${unit}`
  const compared = ratio === undefined ? '' : `${ratio.toFixed(2)} × ${against}`
  return `${name.padEnd(56)}${shown.padStart(14)}   ${compared}`.trimEnd()
}
