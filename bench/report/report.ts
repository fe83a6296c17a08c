import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { formatFigure, formatLimit, formatRatio, formatVerdict } from '../format.ts'
import { holds, type Row } from '../row.ts'
import type { Result } from '../run.ts'
import { drawChart } from './chart.ts'
import type { Machine } from './machine.ts'

const docs = join(import.meta.dirname, '../../docs')

/** Writes docs/benchmarks.md and its plots. */
export const writeReport = async (machine: Machine, results: readonly Result[]): Promise<void> => {
  await mkdir(join(docs, 'images'), { recursive: true })
  for (const result of results) await writePlots(result)
  const parts = [HEAD, table(['', ''], machine), summarize(results), ...results.map(sectionOf)]
  await writeFile(join(docs, 'benchmarks.md'), `${parts.join('\n\n')}\n`)
}

const HEAD = `# Benchmarks

\`npm run bench -- --report\` measures this and writes this page. What is measured is whole processes, as a script starts them, from
one machine to stores on the same machine; what is compared takes turns in the same run, so that what disturbs the machine disturbs
all alike. Figures are medians where nothing else is said. On another machine only the ratios mean something. A limit is
what this project holds itself to; where there is none, the row is there to be known.`

const summarize = (results: readonly Result[]): string => {
  const judged = results.flatMap(({ rows }) => rows).filter((row) => row.limit)
  const broken = judged.filter((row) => !holds(row))
  const verdict = `In this run ${judged.length - broken.length} of ${judged.length} limits hold.`
  if (broken.length === 0) return verdict
  return [verdict, 'These do not:', '', ...broken.map((row) => `- ${describe(row)}`)].join('\n')
}

const describe = (row: Row): string => {
  const { name, figure, unit, ratio } = row
  const measured =
    row.limit?.of === 'ratio' && ratio ? formatRatio(ratio) : formatFigure(figure, unit)
  return `${name}: ${measured}, and not ${formatLimit(row)}`
}

const sectionOf = (result: Result): string => {
  const { subject, rows, notes } = result
  const plots = subject.plots.map(({ title }, index) => `![${title}](${imageOf(result, index)})`)
  const heads = ['', 'measured', 'beside', 'limit', '']
  const parts = [`## ${subject.title}`, subject.meaning, ...plots, table(heads, rows.map(cellsOf))]
  return [...parts, ...notes].join('\n\n')
}

const cellsOf = (row: Row): string[] => {
  const { name, figure, unit, ratio, against } = row
  const compared = ratio === undefined ? '' : `${formatRatio(ratio)} ${against}`
  return [name, formatFigure(figure, unit), compared, formatLimit(row), formatVerdict(row)]
}

const table = (heads: readonly string[], rows: readonly (readonly string[])[]): string =>
  [heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')

const imageOf = ({ subject }: Result, index: number): string =>
  `images/bench-${[subject.name, ...(index > 0 ? [index + 1] : [])].join('-')}.svg`

const writePlots = async (result: Result): Promise<void> => {
  for (const [index, plot] of result.subject.plots.entries()) {
    const svg = drawChart(plot, result.rows)
    await writeFile(join(docs, imageOf(result, index)), svg)
  }
}
