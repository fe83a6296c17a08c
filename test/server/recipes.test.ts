import { describe, expect, test } from 'vitest'
import { Place } from '../commands/rdv.ts'
import { curl, untilHome, untilWaiting } from './curl.ts'
import { behindEveryGateway } from './gateways.ts'
import { streamingCurl } from './streaming-curl.ts'

behindEveryGateway((gateway) => {
  const url = (path: string) => gateway.url + path
  const get = async (path: string) => (await curl(url(path))).body
  const post = (path: string, ...args: string[]) => curl('-X', 'POST', ...args, url(path))

  describe('a counter by curl', () => {
    test('counts up and down, and is read', async () => {
      expect((await post('/_counter/c?by=5')).body).toEqual({ ok: true, value: '5' })
      expect((await post('/_counter/c')).body).toEqual({ ok: true, value: '6' })
      expect((await post('/_counter/c?by=-10')).body).toEqual({ ok: true, value: '-4' })
      expect(await get('/_counter/c')).toEqual({ ok: true, value: '-4' })
      expect(await get('/_counter/none')).toEqual({ ok: true, value: '0' })
    })

    test('has 64 bits and no more', async () => {
      const most = '9223372036854775807'
      const set = await curl('-X', 'PUT', url(`/_counter/deep/er?value=${most}`))
      expect(set.body).toEqual({ ok: true, value: most })
      expect(await post('/_counter/deep/er')).toMatchObject({ status: 409, body: { ok: false } })
      expect(await get('/_counter/deep/er')).toEqual({ ok: true, value: most })
    })

    test('is set only where it has the value that was expected', async () => {
      const set = (query: string) => curl('-X', 'PUT', url(`/_counter/set?${query}`))
      expect((await set('value=3&if-equals=0')).body).toEqual({ ok: true, value: '3' })
      expect(await set('value=4&if-equals=0')).toMatchObject({
        status: 409,
        body: { error: 'set is 3' },
      })
    })

    test('counts an idempotency key once, as a parameter and as a header', async () => {
      expect((await post('/_counter/once?idempotency-key=a')).body).toMatchObject({ value: '1' })
      expect((await post('/_counter/once?by=2')).body).toMatchObject({ value: '3' })
      const again = await post('/_counter/once', '-H', 'Idempotency-Key: a')
      expect(again.body).toMatchObject({ value: '1' })
      expect(await get('/_counter/once')).toMatchObject({ value: '3' })
      const both = await post('/_counter/once?idempotency-key=a', '-H', 'Idempotency-Key: b')
      expect(both).toMatchObject({ status: 400 })
    })

    test('is waited for', async () => {
      const waiting = curl(url('/_counter/wait?at-least=2&at-most=5'))
      await untilWaiting(gateway.url, '/_counter/wait')
      await post('/_counter/wait?by=9')
      await post('/_counter/wait?by=-5')
      expect((await waiting).body).toEqual({ ok: true, value: '4' })
      expect(await curl(url('/_counter/wait?equals=7&timeout=100ms'))).toMatchObject({
        status: 404,
        body: { ok: false, error: 'Timeout', hint: 'is 4' },
      })
    })

    test('counts every request of several clients', async () => {
      const counting = Array.from({ length: 20 }, () => post('/_counter/many'))
      expect((await Promise.all(counting)).every(({ status }) => status === 200)).toBe(true)
      expect(await get('/_counter/many')).toMatchObject({ value: '20' })
    })
  })

  describe('a wait group by curl', () => {
    test('lets go who waits when all is done', async () => {
      const waiting = curl(url('/_waitgroup/g?expect=3'))
      await untilWaiting(gateway.url, '/_waitgroup/g')
      expect((await post('/_waitgroup/g?by=3')).body).toEqual({
        ok: true,
        pending: '3',
        added: '3',
      })
      await post('/_waitgroup/g?by=-1')
      expect(await curl(url('/_waitgroup/g?timeout=100ms'))).toMatchObject({
        status: 404,
        body: { error: 'Timeout', hint: 'has 2 pending' },
      })
      await post('/_waitgroup/g?by=-2')
      expect(await waiting).toMatchObject({ status: 200, body: { pending: '0', added: '3' } })
    })

    test('never goes below zero, and is done with an idempotency key once', async () => {
      await post('/_waitgroup/h?by=2')
      expect(await post('/_waitgroup/h?by=-3')).toMatchObject({ status: 409 })
      for (const _ of [1, 2]) {
        const { body } = await post('/_waitgroup/h?by=-1&idempotency-key=x')
        expect(body).toMatchObject({ pending: '1' })
      }
      expect(await post('/_waitgroup/h?by=0')).toMatchObject({ status: 400 })
    })
  })

  describe('a barrier by curl', () => {
    test('lets all go on together, each with its index, again and again', async () => {
      for (const _ of [1, 2]) {
        const parties = [1, 2, 3].map(() => post('/_barrier/b?parties=3'))
        const answers = (await Promise.all(parties)).map(({ body }) => body)
        expect(answers).toEqual(
          expect.arrayContaining([0, 1, 2].map((index) => ({ ok: true, index }))),
        )
      }
    })

    test('does not count a client that has gone, nor one whose time was up', async () => {
      const gone = post('/_barrier/w?parties=2')
      await untilWaiting(gateway.url, '/_barrier/w')
      gone.child.kill('SIGKILL')
      await untilHome(gateway.url, (home) => !home.waiting_and_failed.includes('/_barrier/w'))
      expect(await post('/_barrier/w?parties=2&timeout=300ms')).toMatchObject({
        status: 404,
        body: { error: 'Timeout', hint: 'has 1 of 2 parties' },
      })
      const two = [1, 2].map(() => post('/_barrier/w?parties=2'))
      const indices = (await Promise.all(two)).map(({ body }) => (body as { index: number }).index)
      expect(indices.sort()).toEqual([0, 1])
    })

    test('refuses another number of parties', async () => {
      const waiting = post('/_barrier/n?parties=2')
      await untilWaiting(gateway.url, '/_barrier/n')
      expect(await post('/_barrier/n?parties=3')).toMatchObject({ status: 409 })
      await post('/_barrier/n?parties=2')
      expect(await waiting).toMatchObject({ status: 200 })
    })
  })

  test('a topic by curl brings what was published, in order, and where it left off', async () => {
    const publish = await post('/_topic/t?lines', '--data-binary', 'one\ntwo\n\nfour')
    expect(publish.body).toMatchObject({ ok: true, count: 4 })
    const read = (query: string) => get(`/_topic/t?${query}`)
    expect(await read('from=start&count=4')).toBe('one\ntwo\n\nfour\n')
    const { first } = publish.body as { first: string }
    expect(await read(`from=${first}&count=1`)).toBe('one\n')
    expect(await read('as=me&from=start&count=3')).toBe('one\ntwo\n\n')
    expect(await read('as=me&count=1')).toBe('four\n')
    expect(await curl(url('/_topic/t?as=me&count=1&timeout=200ms'))).toMatchObject({ status: 404 })
    await post('/_topic/t', '--data-binary', 'a\nb')
    expect(await read('as=me&count=1')).toBe('a\nb\n')
  })

  test('a lock by curl is taken, refused, waited for and told', async () => {
    const holding = curl('-N', '-X', 'POST', url('/_lock/l?slots=1'))
    await holding.answering
    const { body } = await curl(url('/_lock/l'))
    expect(body).toEqual({
      ok: true,
      queue: [
        {
          state: 'holds',
          by: expect.stringMatching(/^curl\S* \(127\.0\.0\.1\)$/),
          host: expect.any(String),
          pid: expect.any(Number),
          since: expect.any(String),
        },
      ],
    })
    expect(await post('/_lock/l?try')).toMatchObject({ status: 409 })
    expect(await post('/_lock/l?slots=2')).toMatchObject({ status: 409 })
    expect(await post('/_lock/l?timeout=300ms')).toMatchObject({
      status: 404,
      body: { error: 'Timeout', hint: expect.stringContaining('held by') },
    })
    const next = curl('-N', '-X', 'POST', url('/_lock/l'))
    await untilWaiting(gateway.url, '/_lock/l')
    holding.child.kill('SIGKILL')
    await next.answering
    next.child.kill('SIGTERM')
    const answers = await Promise.all([holding, next])
    const [first, second] = answers.map(({ body }) => BigInt((body as { token: string }).token))
    expect(second).toBeGreaterThan(first ?? 0n)
  })

  test('a lock by curl and one by rdv on the store itself exclude each other', async () => {
    const place = new Place({ RDV_BACKEND: gateway.store })
    const held = streamingCurl('-X', 'POST', url('/_lock/shared'))
    await held.says(/"token"/)
    expect((await place.rdv('lock', 'shared', '--try')).code).toBe(1)
    const waiting = place.start('lock', 'shared')
    held.kill('SIGKILL')
    await waiting.says(/^rdv\/lock\/shared/)
    expect(await post('/_lock/shared?try')).toMatchObject({ status: 409 })
  })

  test('an election by curl has one leader, and tells it', async () => {
    const campaign = (id: string) => curl('-N', '-X', 'POST', url(`/_election/e?id=${id}`))
    expect(await curl(url('/_election/e'))).toMatchObject({
      status: 404,
      body: { ok: false, error: 'e has no leader' },
    })
    const one = campaign('one')
    await one.answering
    const two = campaign('two')
    await untilWaiting(gateway.url, '/_election/e')
    expect(await get('/_election/e')).toMatchObject({ ok: true, leader: 'one' })
    one.child.kill('SIGKILL')
    await two.answering
    expect(await get('/_election/e')).toMatchObject({ leader: 'two', token: expect.any(String) })
    two.child.kill('SIGKILL')
    await Promise.all([one, two])
  })
})
