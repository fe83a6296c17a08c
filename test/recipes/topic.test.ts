import { expect, test } from 'vitest'
import { LostError, UsageError } from '../../src/base/errors.ts'
import { clear } from '../../src/recipes/clear.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { publish } from '../../src/recipes/topic/publish.ts'
import { subscribe } from '../../src/recipes/topic/subscribe.ts'
import { failureOf } from '../failure-of.ts'
import { besideEach } from '../side-by-side.ts'
import { clients, listen, numbered, STORES, take, text } from './topic-stores.ts'

/** All keys of a topic. */
const keysOf = async ({ backend }: Namespace, topic: string): Promise<string[]> =>
  (await backend.list(`rdv/topic/${topic}/`)).entries.map(({ key }) => key)

besideEach(STORES, 'a topic on $name', ({ start }) => {
  const store = clients(start)

  test('a subscriber gets every message once, in order, from the moment it has subscribed', async () => {
    const { got } = await listen(store.b, 'order', 1_500)
    await publish(store.a, 'order', numbered(1_500))
    expect(await got).toEqual(numbered(1_500))
  })

  test('what was published before is not for those who begin now, and is for those who begin at the start', async () => {
    await publish(store.a, 'begin', ['one', 'two'])
    const { got } = await listen(store.b, 'begin', 1)
    await publish(store.a, 'begin', ['three'])
    expect(await got).toEqual(['three'])
    expect(await take(store.b, 'begin', 3, { from: 'start' })).toEqual(['one', 'two', 'three'])
  })

  test('a subscriber begins at any message, also within a page', async () => {
    const { first, last } = await publish(store.a, 'middle', numbered(2_500))
    expect(await take(store.b, 'middle', 2_500, { from: first })).toEqual(numbered(2_500))
    const id = first?.replace(/^1-/, '1234-')
    expect(await take(store.b, 'middle', 2, { from: id })).toEqual(['m1233', 'm1234'])
    expect(await take(store.b, 'middle', 1, { from: '2500' })).toEqual(['m2499'])
    expect(await take(store.b, 'middle', 1, { from: last })).toEqual(['m2499'])
  })

  test('messages are any bytes, and may be empty', async () => {
    const messages = [Buffer.from([0, 10, 255, 0]), Buffer.alloc(0), Buffer.from('ä\0\n')]
    await publish(store.a, 'bytes', messages)
    const got: Buffer[] = []
    for await (const { data } of subscribe(store.b, 'bytes', { from: 'start' })) {
      if (got.push(Buffer.from(data)) === 3) break
    }
    expect(got).toEqual(messages)
  })

  test('a large message goes through, and one beyond the limit is refused after all before it', async () => {
    const large = 'x'.repeat(200_000)
    await publish(store.a, 'large', [large, large, 'small'])
    expect(await take(store.b, 'large', 3, { from: 'start' })).toEqual([large, large, 'small'])
    const tooLarge = 'x'.repeat(store.a.backend.traits.maxCommitBytes)
    const attempt = publish(store.a, 'large', ['before', tooLarge, 'after'])
    await expect(attempt).rejects.toThrow(UsageError)
    await expect(attempt).rejects.toThrow(/exceeds the limit of \w+ \(\d+ bytes\)/)
    expect(await take(store.b, 'large', 1, { from: '4' })).toEqual(['before'])
    expect(await publish(store.a, 'large', ['next'])).toMatchObject({ count: 1, first: /^5-/ })
  })

  test('several publishers: every message once, each publisher in its order', async () => {
    const { got } = await listen(store.b, 'several', 5 * 60)
    const publisher = async (name: string) => {
      for (const message of numbered(60, name)) await publish(store.a, 'several', [message])
    }
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map(publisher))
    const all = await got
    for (const name of ['a', 'b', 'c', 'd', 'e']) {
      expect(all.filter((message) => message.startsWith(name))).toEqual(numbered(60, name))
    }
  })

  test('of more messages than are retained the oldest are trimmed, page by page', async () => {
    for (const message of numbered(60)) await publish(store.a, 'retain', [message], { retain: 7 })
    expect(await keysOf(store.a, 'retain')).toHaveLength(7 + 1)
    const kept = numbered(60).slice(-7)
    expect(await take(store.b, 'retain', 7, { from: 'start' })).toEqual(kept)
    await publish(store.a, 'retain', numbered(20, 'n'), { retain: 1 })
    expect(await keysOf(store.a, 'retain')).toHaveLength(1 + 1)
    expect(await take(store.b, 'retain', 20, { from: 'start' })).toEqual(numbered(20, 'n'))
  })

  test('messages older than they are retained for are trimmed', async () => {
    await publish(store.a, 'age', ['old'])
    const old = Date.now()
    while (Date.now() <= old + 2);
    await publish(store.a, 'age', ['new'], { retainFor: 1 })
    expect(await take(store.b, 'age', 1, { from: 'start' })).toEqual(['new'])
    await publish(store.a, 'age', ['newer'], { retainFor: 3_600_000 })
    expect(await take(store.b, 'age', 2, { from: 'start' })).toEqual(['new', 'newer'])
  })

  test('a named subscriber goes on where it left off', async () => {
    const { got } = await listen(store.b, 'named', 3, { as: 'mailer' })
    await publish(store.a, 'named', ['one'])
    await publish(store.a, 'named', ['two'])
    await publish(store.a, 'named', ['three', 'four'])
    expect(await got).toEqual(['one', 'two', 'three'])
    // The subscriber has not asked for another message after the third one, which therefore does not count as
    // processed.
    const again = await take(store.b, 'named', 2, { as: 'mailer', from: 'start' })
    expect(again).toEqual(['three', 'four'])
  })

  test('a named subscriber that has got nothing yet has its place all the same', async () => {
    const controller = new AbortController()
    const ended = listen(store.b, 'placed', 1, { as: 'x', signal: controller.signal })
    const { got } = await ended
    controller.abort(new Error('stop'))
    await expect(got).rejects.toThrow('stop')
    await publish(store.a, 'placed', ['meanwhile'])
    expect(await take(store.b, 'placed', 1, { as: 'x' })).toEqual(['meanwhile'])
  })

  test('of two subscribers of one name the older one ends', async () => {
    const older = await listen(store.a, 'twice', 3, { as: 'x' })
    const newer = await listen(store.b, 'twice', 2, { as: 'x' })
    const ended = failureOf(older.got)
    await publish(store.a, 'twice', ['one'])
    await publish(store.a, 'twice', ['two'])
    expect(await newer.got).toEqual(['one', 'two'])
    expect(await ended).toMatchObject({
      message: expect.stringMatching(/another subscriber uses the name x/),
    })
  })

  test('what was trimmed before it was read is a gap, and a named subscriber goes on behind it', async () => {
    await publish(store.a, 'gap', ['zero'])
    expect(await take(store.b, 'gap', 1, { from: 'start', as: 'x' })).toEqual(['zero'])
    for (const message of numbered(9)) await publish(store.a, 'gap', [message], { retain: 4 })
    const late = take(store.b, 'gap', 1, { as: 'x' })
    await expect(late).rejects.toThrow(LostError)
    await expect(late).rejects.toThrow(/messages 1 to 6 of gap are lost: they were trimmed/)
    await expect(take(store.b, 'gap', 1, { from: '2' })).rejects.toThrow(LostError)
    expect(await take(store.b, 'gap', 1, { as: 'x' })).toEqual(['m5'])
  })

  test('what is trimmed under a slow subscriber is a gap', async () => {
    await publish(store.a, 'slow', ['one'])
    await publish(store.a, 'slow', ['two'])
    const messages = subscribe(store.b, 'slow', { from: 'start' })
    expect(text((await messages.next()).value.data)).toBe('one')
    for (const message of numbered(5)) await publish(store.a, 'slow', [message], { retain: 1 })
    const rest = async () => {
      for await (const { data } of messages) if (text(data) === 'm4') return
    }
    await expect(rest()).rejects.toThrow(/of slow are lost/)
  })

  test('a topic that is cleared is a gap for its subscribers, also once there is a new one', async () => {
    const { last } = await publish(store.a, 'cleared', ['one'])
    const { got } = await listen(store.b, 'cleared', 1)
    const ended = failureOf(got)
    await clear(store.a, ['cleared'], { all: true })
    expect(await ended).toBeInstanceOf(LostError)
    expect(await keysOf(store.a, 'cleared')).toEqual([])
    await publish(store.a, 'cleared', ['two', 'three'])
    await expect(take(store.b, 'cleared', 1, { from: last })).rejects.toThrow(
      /cleared, or its store was emptied or restored/,
    )
    expect(await take(store.b, 'cleared', 2, { from: 'start' })).toEqual(['two', 'three'])
  })

  test('pages that a clearing left behind do not disturb a new topic', async () => {
    for (const message of numbered(6)) await publish(store.a, 'left', [message])
    await store.a.backend.commit([], [{ kind: 'delete', key: 'rdv/topic/left/head' }])
    await publish(store.a, 'left', ['new0', 'new1'])
    await publish(store.a, 'left', ['new2', 'new3'])
    const expected = numbered(4, 'new')
    expect(await take(store.b, 'left', 4, { from: 'start' })).toEqual(expected)
    for (const message of numbered(4)) await publish(store.a, 'left', [message], { retain: 2 })
    expect(await take(store.b, 'left', 2, { from: 'start' })).toEqual(['m2', 'm3'])
  })

  test('a page that somebody deletes is a gap', async () => {
    for (const message of numbered(3)) await publish(store.a, 'hole', [message])
    await store.a.backend.commit([], [{ kind: 'delete', key: 'rdv/topic/hole/000000000002' }])
    const got = take(store.b, 'hole', 3, { from: 'start' })
    await expect(got).rejects.toThrow(/message 2 of hole is lost: it was deleted/)
  })

  test('a topic below another one is a topic of its own', async () => {
    await publish(store.a, 'nest/000000000001', ['inner'])
    await publish(store.a, 'nest', ['outer', 'outer2'])
    await publish(store.a, 'nest/head', ['head'])
    expect(await take(store.b, 'nest', 2, { from: 'start' })).toEqual(['outer', 'outer2'])
    expect(await take(store.b, 'nest/head', 1, { from: 'start' })).toEqual(['head'])
  })

  test('nothing is published of nothing, and a message that is no topic’s is a conflict', async () => {
    expect(await publish(store.a, 'nothing', [])).toEqual({ count: 0 })
    expect(await keysOf(store.a, 'nothing')).toEqual([])
    const write = { kind: 'put', key: 'rdv/topic/alien/head', value: Buffer.from('42') } as const
    await store.a.backend.commit([], [write])
    await expect(publish(store.a, 'alien', ['m'])).rejects.toMatchObject({ kind: 'conflict' })
    const got = take(store.b, 'alien', 1)
    await expect(got).rejects.toMatchObject({ kind: 'conflict' })
  })

  test('a source is read no further than one batch ahead', async () => {
    let read = 0
    function* source() {
      for (; read < 500; read++) yield 'x'.repeat(100_000)
    }
    const most = 2 * Math.ceil(store.a.backend.traits.maxCommitBytes / 100_000) + 1
    let stored = 0
    await publish(store.a, 'ahead', source(), {
      retain: 1,
      onStored: (count) => {
        expect(read).toBeLessThanOrEqual(stored + 2 * most)
        stored = count
      },
    })
    expect(stored).toBe(500)
  })
})
