import type { Stores } from './stores.ts'

export type Unit = 'ms' | '/s' | 'KiB'

/** A condition that a row must fulfil. */
export interface Limit {
  /** The limited value: the row's ratio, or its figure in the row's unit. */
  readonly of: 'ratio' | 'figure'
  readonly at: 'most' | 'least'
  readonly value: number
}

/** One figure of a run. */
export interface Row {
  /** The measured operation, and its store or machine. */
  readonly name: string
  readonly figure: number
  readonly unit: Unit
  /** The name of the row with which this one is compared. Both were measured in the same run. */
  readonly against?: string
  /** This figure divided by the figure of `against`. Only a ratio is meaningful on another machine. */
  readonly ratio?: number
  readonly limit?: Limit
}

/** A chart of some rows of a subject. */
export interface Plot {
  readonly title: string
  readonly of: Limit['of']
  /** Selects rows by name. Default: all rows that have the plotted value. */
  readonly rows?: RegExp
}

/** A group of rows that is measured together, and can be selected by its name. */
export interface Subject {
  readonly name: string
  readonly title: string
  /** The meaning of the rows, for readers of the report. Markdown. */
  readonly meaning: string
  readonly plots: readonly Plot[]
  /** Yields each row as soon as it is known. */
  measure(bench: Bench): AsyncIterable<Row>
}

export interface Bench {
  readonly stores: Stores
  /** How often each operation is repeated, or the base of that number. */
  readonly rounds: number
  /** Whether a compared program may be fetched from npm's registry. */
  readonly mayFetch: boolean
  /** Called with the reason when a row is missing. */
  readonly onNote: (text: string) => void
}

export const milliseconds = (name: string, figure: number): Row => ({ name, figure, unit: 'ms' })

export const perSecond = (name: string, figure: number): Row => ({ name, figure, unit: '/s' })

export const kibibytes = (name: string, figure: number): Row => ({ name, figure, unit: 'KiB' })

/** The row, compared with another one. */
export const beside = (row: Row, other: Row): Row => ({
  ...row,
  against: other.name,
  ratio: row.figure / other.figure,
})

/** The row with a limit. */
export const limited = (row: Row, of: Limit['of'], at: Limit['at'], value: number): Row => ({
  ...row,
  limit: { of, at, value },
})

/** Whether the row's limit is kept; `undefined` for a row without a limit. */
export const holds = ({ figure, ratio, limit }: Row): boolean | undefined => {
  const judged = limit?.of === 'ratio' ? ratio : figure
  if (limit === undefined || judged === undefined) return undefined
  return limit.at === 'most' ? judged <= limit.value : judged >= limit.value
}
