import { holds, type Row, type Unit } from './row.ts'

export const formatFigure = (figure: number, unit: Unit): string =>
  `${figure.toLocaleString('en', { maximumFractionDigits: figure < 100 ? 1 : 0 })} ${unit}`

export const formatRatio = (ratio: number): string => `${ratio.toFixed(2)} ×`

/** `≤ 1.2 ×`, or an empty string if there is no limit. */
export const formatLimit = ({ limit, unit }: Row): string => {
  if (!limit) return ''
  const value = limit.of === 'ratio' ? `${limit.value} ×` : formatFigure(limit.value, unit)
  return `${limit.at === 'most' ? '≤' : '≥'} ${value}`
}

export const formatVerdict = (row: Row): string => {
  const held = holds(row)
  return held === undefined ? '' : held ? 'holds' : 'does not hold'
}

/** A line of a table, with columns of the usual widths. */
export const formatRow = (row: Row): string => {
  const { name, figure, unit, against, ratio } = row
  const compared = ratio === undefined ? '' : `${formatRatio(ratio)} ${against}`
  const judged = row.limit ? `${formatLimit(row)}: ${formatVerdict(row)}` : ''
  const columns = [name.padEnd(56), formatFigure(figure, unit).padStart(14), compared.padEnd(58)]
  return [...columns, judged].join('   ').trimEnd()
}
