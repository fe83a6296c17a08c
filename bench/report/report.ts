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

This page shows how fast \`rdv\` is, compared with the tools that are used instead. \`npm run bench -- --report\` measures it and writes
this page.

The benchmarks measure whole processes, as a script starts them, with stores on the same machine. Compared programs take turns in the
same run, so that a disturbance of the machine affects all of them. Figures are medians unless a row says otherwise. On another machine,
only the ratios are meaningful. A limit is a goal of this project; a row without a limit is for information.`

const summarize = (results: readonly Result[]): string => {
  const judged = results.flatMap(({ rows }) => rows).filter((row) => row.limit)
  const broken = judged.filter((row) => !holds(row))
  const verdict = `In this run ${judged.length - broken.length} of ${judged.length} limits hold.`
  if (broken.length === 0) return verdict
  return [
    verdict,
    'These limits do not hold:',
    '',
    ...broken.map((row) => `- ${describe(row)}`),
  ].join('\n')
}

const describe = (row: Row): string => {
  const { name, figure, unit, ratio } = row
  const measured =
    row.limit?.of === 'ratio' && ratio ? formatRatio(ratio) : formatFigure(figure, unit)
  return `${name}: ${measured} instead of ${formatLimit(row)}`
}

const sectionOf = (result: Result): string => {
  const { subject, rows, notes } = result
  const plots = subject.plots.map(({ title }, index) => `![${title}](${imageOf(result, index)})`)
  const heads = ['', 'measured', 'compared', 'limit', '']
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
