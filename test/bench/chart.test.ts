import { describe, expect, it } from 'vitest'
import { drawChart } from '../../bench/report/chart.ts'
import { beside, limited, milliseconds } from '../../bench/row.ts'

const control = milliseconds('node -e 0', 20)
const fast = limited(beside(milliseconds('rdv <signal>', 10), control), 'ratio', 'most', 1)
const slow = limited(beside(milliseconds('rdv get', 80), control), 'ratio', 'most', 2)
const rows = [control, fast, slow]

const bars = (svg: string) =>
  [...svg.matchAll(/<rect class="(ours|broken|other)" x="([\d.]+)" y="\d+" width="([\d.]+)"/g)].map(
    ([, kind, x, width]) => ({ kind, from: Number(x), to: Number(x) + Number(width) }),
  )
const marks = (svg: string) =>
  [...svg.matchAll(/<line class="limit" x1="([\d.]+)"/g)].map(([, x]) => Number(x))

describe('ratios', () => {
  const svg = drawChart({ title: 'Ratios', of: 'ratio' }, rows)

  it('what has none is not drawn', () => expect(bars(svg)).toHaveLength(2))

  it('are drawn from 1: to the left what is faster, to the right what is slower', () => {
    const [half, four] = bars(svg)
    expect(half?.to).toBeCloseTo(four?.from ?? 0, 0)
    expect(half).toMatchObject({ kind: 'ours' })
    expect((half?.from ?? 0) < (four?.from ?? 0)).toBe(true)
  })

  it('what breaks its limit ends behind the mark, and is of another colour', () => {
    const [, four] = bars(svg)
    const [, mark = 0] = marks(svg)
    expect(four).toMatchObject({ kind: 'broken' })
    expect((four?.to ?? 0) > mark).toBe(true)
  })
})

it('figures are drawn from 0, and a limit that is a ratio at what it is of the figure beside', () => {
  const svg = drawChart({ title: 'Figures', of: 'figure' }, rows)
  const [twenty, ten, eighty] = bars(svg)
  expect([twenty?.kind, ten?.kind, eighty?.kind]).toEqual(['other', 'ours', 'broken'])
  expect(marks(svg)[0]).toBeCloseTo(twenty?.to ?? 0, 0)
})

it('a name is text, whatever is in it', () => {
  const svg = drawChart({ title: 'Ratios', of: 'ratio' }, rows)
  expect(svg).not.toContain('<signal>')
  expect(svg).toContain('rdv &#60;signal&#62;')
})
