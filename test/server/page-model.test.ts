import { describe, expect, test } from 'vitest'
import type { WaitSpan } from '../../src/server/activity/protocol.ts'
import { EventStreamParser } from '../../src/server/page/model/event-stream.ts'
import { TopicRates } from '../../src/server/page/model/rates.ts'
import { visible } from '../../src/server/page/model/text.ts'
import { ageText, durationText } from '../../src/server/page/model/times.ts'
import { holdups } from '../../src/server/page/model/verdict.ts'
import { runsOf } from '../../src/server/page/model/windows.ts'

const wait = (id: string, target: string, since: number, until?: number): WaitSpan => ({
  id,
  target,
  waiter: {},
  since,
  ...(until !== undefined && { until, outcome: 'released' }),
})

describe('the stream of events', () => {
  const text =
    ': hello\r\n\r\nevent: a\r\ndata: 1\r\ndata:2\r\n\r\nid: 7\ndata: é\n\nevent: b\ndata: 3\n'

  test('is read the same however it is cut', () => {
    const expected = [
      { event: 'a', data: '1\n2' },
      { event: 'message', data: 'é' },
    ]
    for (let size = 1; size <= text.length; size++) {
      const parser = new EventStreamParser()
      const pieces = text.match(new RegExp(`.{1,${size}}`, 'gs')) ?? []
      expect(pieces.flatMap((piece) => parser.push(piece))).toEqual(expected)
      expect(parser.push('\n')).toEqual([{ event: 'b', data: '3' }])
    }
  })
})

test('start-ups long after each other are runs of their own; who waits for ever joins none', () => {
  const waits = [
    wait('1', 'a', 0, 5_000),
    wait('2', 'b', 4_000, 30_000),
    wait('3', 'for ever', 10_000),
    wait('4', 'a', 90_000, 91_000),
  ]
  expect(runsOf(waits)).toEqual([
    { from: 0, to: 30_000, open: true },
    { from: 90_000, to: 91_000, open: false },
  ])
})

test('what held everybody back is what was waited for longest', () => {
  const waits = [wait('1', 'a', 0, 9_000), wait('2', 'b', 0, 3_000), wait('3', 'b', 5_000)]
  const found = holdups(waits, 20_000).map(({ target, longest, waits: count }) => [
    target,
    longest,
    count,
  ])
  expect(found).toEqual([
    ['b', 15_000, 2],
    ['a', 9_000, 1],
  ])
})

test('a rate is that of the last ten seconds', () => {
  const rates = new TopicRates()
  const note = (at: number, last: number) =>
    rates.note([{ kind: 'topic', name: 't', state: `messages 1 to ${last}` }], at)
  note(0, 100)
  expect(rates.of('t', 500)).toBeUndefined()
  note(5_000, 600)
  expect(rates.of('t', 5_000)).toBe(100)
  note(10_000, 700)
  expect(rates.of('t', 15_000)).toBe(10)
  expect(rates.of('t', 20_000)).toBe(0)
  expect(rates.of('unknown', 0)).toBeUndefined()
})

test('what cannot be seen is told', () => {
  expect(visible('a\u202eb\u0007\n<i>é日')).toBe('a\\u{202e}b\\u{7}\\n<i>é日')
})

test('durations are short', () => {
  expect([0, 850, 4_240, 42_000, 185_000, 7_800_000, 273_600_000].map(durationText)).toEqual([
    '0 ms',
    '850 ms',
    '4.2 s',
    '42 s',
    '3 min 5 s',
    '2 h 10 min',
    '3 d 4 h',
  ])
  expect(ageText(4_900)).toBe('4 s')
})
