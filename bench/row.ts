import type { Stores } from './stores.ts'

export type Unit = 'ms' | '/s' | 'KiB'

/** What must hold of a row, … */
export interface Limit {
  /** … of how it compares, or of what was measured, in the row's unit. */
  readonly of: 'ratio' | 'figure'
  readonly at: 'most' | 'least'
  readonly value: number
}

/** One figure of a run. */
export interface Row {
  /** What was measured, and where. */
  readonly name: string
  readonly figure: number
  readonly unit: Unit
  /** Beside what it was measured in the same run, … */
  readonly against?: string
  /** … and how many times that it is: only this means something on another machine. */
  readonly ratio?: number
  readonly limit?: Limit
}

/** Some of a subject's rows as bars. */
export interface Plot {
  readonly title: string
  readonly of: Limit['of']
  /** What the names of these rows have in common; without it, it is all that have what is plotted. */
  readonly rows?: RegExp
}

/** What belongs together, and is measured by itself under this name. */
export interface Subject {
  readonly name: string
  readonly title: string
  /** What the rows mean, for who reads the report: Markdown. */
  readonly meaning: string
  readonly plots: readonly Plot[]
  /** The rows, as soon as they are known. */
  measure(bench: Bench): AsyncIterable<Row>
}

export interface Bench {
  readonly stores: Stores
  /** So often each thing is done, or a number that follows from it. */
  readonly rounds: number
  /** Whether what it is compared with may be fetched from npm's registry. */
  readonly mayFetch: boolean
  /** Told why there is no row for something. */
  readonly onNote: (text: string) => void
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

/** The same figure, judged. */
export const limited = (row: Row, of: Limit['of'], at: Limit['at'], value: number): Row => ({
  ...row,
  limit: { of, at, value },
})

/** Whether its limit is kept; of a row without one nothing is known. */
export const holds = ({ figure, ratio, limit }: Row): boolean | undefined => {
  const judged = limit?.of === 'ratio' ? ratio : figure
  if (limit === undefined || judged === undefined) return undefined
  return limit.at === 'most' ? judged <= limit.value : judged >= limit.value
}
