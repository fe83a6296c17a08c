import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Service } from '../services/service.ts'
import { besideEach } from '../side-by-side.ts'
import { namespaceOf, numbers, sorted, text, untilKeys, untilMembers, urlOf } from './pipes.ts'
import { lines, Place } from './rdv.ts'
import { REMOTE_STORES } from './stores.ts'

const local = { scheme: 'sqlite', start: async () => undefined }

besideEach([local, ...REMOTE_STORES], 'pipes found through $scheme', ({ scheme, start }) => {
  let store: Service | undefined
  beforeAll(async () => {
    store = await start()
  })
  afterAll(() => store?.stop())

  const place = (): Place => new Place(store && { RDV_BACKEND: store.url })

  test('copy to each group, share within one, and leave nothing but that they ended', async () => {
    const here = place()
    const namespace = await namespaceOf(here)
    const sender = here.startWithInput('pipe', 'send', 'copied')
    const [a, b, c] = ['one', 'one', 'two'].map((group) =>
      here.start('pipe', 'receive', 'copied', '--group', group),
    )
    await Promise.all([
      untilMembers(namespace, 'copied', 'one', 2),
      untilMembers(namespace, 'copied', 'two', 1),
    ])
    await Promise.all([urlOf(namespace, 'copied', 'one'), urlOf(namespace, 'copied', 'two')])
    sender.stdin.end(text(numbers(1, 3_000)))
    const got = await Promise.all(
      [a, b, c].map(async (member) => lines((await member?.ended)?.stdout ?? '')),
    )
    expect(sorted([...(got[0] ?? []), ...(got[1] ?? [])])).toEqual(numbers(1, 3_000))
    expect(got[2]).toEqual(numbers(1, 3_000))
    expect(await sender.ended).toMatchObject({ code: 0, stderr: '' })
    const left = await untilKeys(namespace, (keys) => !keys.some((key) => key.includes('/member/')))
    expect([...left.keys()].filter((key) => key.includes('copied'))).toEqual([
      'rdv/pipe/copied/one/ended',
      'rdv/pipe/copied/two/ended',
    ])
  })

  test('end again after they have ended before', async () => {
    const here = place()
    for (const line of ['one', 'two']) {
      const member = here.start('pipe', 'receive', 'again', '--group', 'g')
      const sender = here.startWithInput('pipe', 'send', 'again')
      sender.stdin.end(`${line}\n`)
      expect(await member.ended).toMatchObject({ code: 0, stdout: `${line}\n` })
      expect(await sender.ended).toMatchObject({ code: 0 })
    }
  })

  test('have one sender, and find the one that follows a killed one', async () => {
    const here = place()
    const namespace = await namespaceOf(here)
    const first = here.startWithInput('pipe', 'send', 'killed', '--ttl', '2s')
    const member = here.start('pipe', 'receive', 'killed', '--group', 'g')
    first.stdin.write('one\n')
    await member.says(/^one$/m)
    expect(await here.rdv('pipe', 'send', 'killed')).toMatchObject({ code: 1 })
    first.kill('SIGKILL')
    await untilKeys(namespace, (keys) => !keys.includes('rdv/pipe/killed'))
    const second = here.startWithInput('pipe', 'send', 'killed')
    second.stdin.end('two\n')
    expect(await member.ended).toMatchObject({ code: 0, stdout: 'one\ntwo\n' })
  })

  test('go on when all sessions are destroyed from outside', async () => {
    const here = place()
    const namespace = await namespaceOf(here)
    const sender = here.startWithInput('pipe', 'send', 'lost')
    const member = here.start('pipe', 'receive', 'lost', '--group', 'g')
    sender.stdin.write('one\n')
    await member.says(/^one$/m)
    const before = (await namespace.backend.list('rdv/pipe/lost')).entries
    const held = [...before, ...(await namespace.backend.list('rdv/pipe/lost/')).entries]
    for (const lease of new Set(held.flatMap((entry) => entry.lease ?? []))) {
      await namespace.backend.revoke(lease)
    }
    await Promise.all([sender.says(/joining again/), member.says(/joining again/)])
    sender.stdin.end('two\n')
    expect(await member.ended).toMatchObject({ code: 0, stdout: 'one\ntwo\n' })
    expect(await sender.ended).toMatchObject({ code: 0 })
  })

  const frozen = scheme === local.scheme ? [] : [scheme]
  test.each(frozen)('carry lines while %s is away, and end when it is back', async () => {
    const here = place()
    const sender = here.startWithInput('pipe', 'send', 'away')
    const member = here.start('pipe', 'receive', 'away', '--group', 'g')
    sender.stdin.write('one\n')
    await member.says(/^one$/m)
    store?.freeze()
    sender.stdin.write('two\n')
    await member.says(/^two$/m)
    sender.stdin.end('three\n')
    await member.says(/^three$/m)
    store?.thaw()
    expect(await member.ended).toMatchObject({ code: 0, stdout: 'one\ntwo\nthree\n' })
    expect(await sender.ended).toMatchObject({ code: 0 })
  })
})
