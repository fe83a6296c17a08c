import { describe, expect, test } from 'vitest'
import type { StatusRow } from '../../src/recipes/status/row.ts'
import type { Activity, WaitSpan } from '../../src/server/activity/protocol.ts'
import { EventStreamParser } from '../../src/server/page/model/event-stream.ts'
import { filtered } from '../../src/server/page/model/filter.ts'
import { groupsOf } from '../../src/server/page/model/groups.ts'
import { TopicRates } from '../../src/server/page/model/rates.ts'
import { visible } from '../../src/server/page/model/text.ts'
import { ageText, durationText, zoneText } from '../../src/server/page/model/times.ts'
import { holdups } from '../../src/server/page/model/verdict.ts'
import { explained, waitingIn } from '../../src/server/page/model/waiting.ts'
import { runsOf } from '../../src/server/page/model/windows.ts'
import { barsOf, cutOf, wordsOf } from '../../src/server/page/waterfall/bars.ts'
import { folded } from '../../src/server/page/waterfall/folds.ts'

const wait = (id: string, target: string, since: number, until?: number): WaitSpan => ({
  id,
  target,
  waiter: {},
  since,
  ...(until !== undefined && { until, outcome: 'released' }),
})

const activityOf = (parts: Partial<Activity>): Activity => ({
  server: {
    ...{ version: '1.0.0', backend: 'memory:', namespace: 'rdv', durable: false },
    ...{ startedAt: 0, now: 0 },
  },
  ...{ status: [], waits: [], signals: [], unlisted: 0, ...parts },
})

/** A row of a process on this host, or of a client if `host` contains a dot. */
const row = (kind: StatusRow['kind'], name: string, state: string, host?: string): StatusRow => ({
  ...{ kind, name, state },
  ...(host !== undefined && {
    holder: host.includes('.')
      ? { host: 'server', pid: 1, by: host, since: new Date(1_000).toISOString() }
      : { host, pid: 7, since: new Date(1_000).toISOString() },
  }),
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

describe('who waits', () => {
  const locks = [
    row('lock', 'x', 'holds', 'first'),
    row('lock', 'x', 'waits', 'second'),
    row('lock', 'x', 'waits', '10.0.0.9'),
  ]
  const request: WaitSpan = {
    ...{ id: '1', target: 'lock x', kind: 'lock', since: 2_000 },
    waiter: { client: '10.0.0.9' },
  }

  test('are waits, queues of locks, candidates, turns, and parties at barriers', () => {
    const status = [
      ...locks.slice(0, 2),
      row('election', 'e', 'leads', 'a'),
      row('election', 'e', 'campaigns', 'b'),
      row('once', 'o', 'runs', 'c'),
      row('once', 'o', 'waits', 'd'),
      row('barrier', 'b', '2 of 3 arrived'),
      row('barrier', 'b', 'waits', 'e'),
      row('barrier', 'b', 'waits', 'f'),
      row('signal', 'held', 'ready', 'g'),
      row('pipe', 'p', 'receives', 'h'),
    ]
    const waits = [wait('1', 'db', 500), wait('2', 'old', 0, 400)]
    const found = waitingIn(activityOf({ status, waits }))
    expect(found.map(({ target, who, reason }) => [target, who, reason])).toEqual([
      ['db', '', ''],
      ['lock x', 'second · 7', 'held by first · 7'],
      ['election e', 'b · 7', 'led by a · 7'],
      ['once o', 'd · 7', 'run by c · 7'],
      ['barrier b', 'e · 7', '2 of 3 arrived'],
      ['barrier b', 'f · 7', '2 of 3 arrived'],
    ])
  })

  test('a request in a queue counts once, and is named as its client', () => {
    const activity = explained(activityOf({ status: locks, waits: [request] }))
    expect(waitingIn(activity).map(({ who, reason }) => [who, reason])).toEqual([
      ['second · 7', 'held by first · 7'],
      ['10.0.0.9', 'held by first · 7'],
    ])
    // its place in the queue is not visible yet
    const early = activityOf({ status: locks.slice(0, 2), waits: [request] })
    expect(waitingIn({ ...early, status: [] })).toHaveLength(1)
    // a client of another server
    expect(waitingIn(activityOf({ status: locks }))).toHaveLength(2)
  })
})

test('a group tells what its waits need, also one that has no members', () => {
  const waits = [
    { ...wait('1', 'deploy/', 0), needs: 3 },
    { ...wait('2', 'db, deploy/', 0), needs: 5 },
    { ...wait('3', 'deploy/', 0, 10), needs: 9 },
    wait('4', 'empty/', 0),
  ]
  const groups = groupsOf(activityOf({ status: [row('group', 'deploy/', '1 of 2 ready')], waits }))
  expect(groups.map(({ name, text, needed }) => [name, text, needed])).toEqual([
    ['deploy/', '1 of 2 ready, 3 and 5 needed', 5],
    ['empty/', 'no members', 0],
  ])
})

describe('equal waits', () => {
  const span = { from: 0, to: 600_000 }
  const rowsOf = (waits: readonly WaitSpan[], opened: readonly string[] = []) =>
    folded(barsOf(activityOf({ waits }), span, span.to), new Set(opened))
  const several = (count: number, target: string, since: number, apart: number, length?: number) =>
    Array.from({ length: count }, (_, index) => {
      const begun = since + index * apart
      const until = length === undefined ? undefined : begun + length
      return wait(`${target}${index}`, target, begun, until)
    })
  const shape = (waits: readonly WaitSpan[], opened?: readonly string[]) =>
    rowsOf(waits, opened).map(({ wait, members }) => [wait.target, members?.length ?? 1])

  test('are one row, which goes from the first beginning to the last end', () => {
    const [only, ...others] = rowsOf(several(109, 'db', 0, 50, 2_000))
    expect(others).toEqual([])
    expect(only?.wait).toMatchObject({ since: 0, until: 108 * 50 + 2_000 })
    const words = only && wordsOf(only, span, span.to)
    expect(words).toMatchObject({ who: '109 waits', note: '2.0 s' })
    expect(words?.label).toBe('db, 109 waits: released, 2.0 s, collapsed')
  })

  test('are rows of their own where there are few, or the row is opened', () => {
    expect(shape(several(3, 'db', 0, 10))).toHaveLength(3)
    const rows = rowsOf(several(4, 'db', 0, 10), ['all-db0'])
    expect(rows.map(({ inner, place }) => [inner, place])).toEqual([
      [false, { position: 1, of: 1 }],
      ...[1, 2, 3, 4].map((position) => [true, { position, of: 4 }]),
    ])
  })

  test('are not joined with others: another target, state, number, or time', () => {
    const failed = several(4, 'db', 0, 10, 100).map(
      (one): WaitSpan => ({ ...one, id: `f${one.id}`, outcome: 'failed' }),
    )
    const three = several(4, 'db', 0, 10).map((one) => ({ ...one, id: `n${one.id}`, needs: 3 }))
    const late = several(4, 'db', 30_000, 10, 100).map((one) => ({ ...one, id: `l${one.id}` }))
    const waits = [
      ...several(4, 'db', 0, 10, 100),
      ...several(4, 'other', 0, 10),
      ...[...failed, ...three, ...late],
    ]
    expect(shape(waits).map(([, count]) => count)).toEqual([4, 4, 4, 4, 4])
  })

  test('one after the other are not joined, however near they are', () => {
    expect(shape(several(10, 'poll', 0, 1_000, 900))).toHaveLength(10)
  })

  test('that come for minutes are several rows', () => {
    const counts = shape(several(200, 'db', 0, 1_000)).map(([, count]) => count)
    expect(counts).toEqual([61, 61, 61, 17])
  })

  test('are joined quickly where there are very many', () => {
    const waits = several(20_000, 'db', 0, 1).concat(several(20_000, 'x', 0, 7, 10))
    expect(rowsOf(waits).length).toBeGreaterThan(1)
  })
})

test('a bar whose wait began before the view or goes on after it is cut there', () => {
  const span = { from: 1_000, to: 2_000 }
  const cut = (since: number, until?: number, now = 2_000) =>
    cutOf(wait('1', 'a', since, until), span, now)
  expect([cut(1_000), cut(999), cut(1_500, 2_000), cut(1_500, 2_001), cut(0, 9_000)]).toEqual([
    'none',
    'start',
    'none',
    'end',
    'both',
  ])
  // it still waits, and the view is of an earlier time
  expect(cut(1_500, undefined, 5_000)).toBe('end')
  const [bar] = barsOf(activityOf({ waits: [wait('1', 'a', 0)] }), span, 2_000)
  expect(bar && wordsOf(bar, span, 2_000).label).toBe(
    'a: waiting, 2.0 s · started before this view',
  )
})

test('the filter takes the words that the page shows', () => {
  const waits: WaitSpan[] = [
    { ...wait('1', 'a', 0, 5), outcome: 'timeout' },
    { ...wait('2', 'b', 0, 5), outcome: 'gone' },
    { id: '3', target: 'c', waiter: {}, since: 0, until: 5 },
  ]
  const targets = (text: string) =>
    filtered(activityOf({ waits }), text).waits.map(({ target }) => target)
  expect([targets('timed out'), targets('went away'), targets('ended'), targets('')]).toEqual([
    ['a'],
    ['b'],
    ['c'],
    ['a', 'b', 'c'],
  ])
})

test('the zone of a time is told', () => {
  expect(zoneText(0)).toMatch(/^UTC([+-]\d\d:\d\d)?$/)
})
