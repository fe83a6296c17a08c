import { describe, expect, test } from 'vitest'
import { Place } from './rdv.ts'

describe('a signal', () => {
  test('is ready by default, says nothing, and stays', async () => {
    const place = new Place()
    expect(await place.rdv('signal', 'k')).toEqual({
      code: 0,
      signal: null,
      stdout: '',
      stderr: '',
    })
    expect(await place.rdv('get', 'k')).toMatchObject({ code: 0, stdout: 'ready\n', stderr: '' })
  })

  test.each([['up'], ['two words'], ['a=b'], ['готов'], ['-'], ['*'], ['$x `y`'], ['://']])(
    'sets the state %j',
    async (state) => {
      const place = new Place()
      await place.rdv('signal', 'k', state)
      expect((await place.rdv('get', 'k')).stdout).toBe(`${state}\n`)
    },
  )

  test.each([
    ['k'],
    ['a/b/c'],
    ['k'.repeat(512)],
    ['ключ/節點'],
    ['a b'],
    ['...'],
    ['a:b'],
    ['exec'],
    ['a_'],
  ])('takes the key %s', async (key) => {
    const place = new Place()
    expect(await place.rdv('signal', key)).toMatchObject({ code: 0 })
    expect(await place.state(key)).toBe('ready')
  })

  test('changes the state', async () => {
    const place = new Place()
    for (const state of ['one', 'two', 'two']) await place.rdv('signal', 'k', state)
    expect(await place.state('k')).toBe('two')
  })

  test('one of each of eight at once counts', async () => {
    const place = new Place()
    const states = Array.from({ length: 8 }, (_, i) => `s${i}`)
    const ended = await Promise.all(states.map((state) => place.rdv('signal', 'k', state)))
    for (const { code, stderr } of ended) expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(states).toContain(await place.state('k'))
  })
})

describe('an expiring signal', () => {
  test('expires by itself', async () => {
    const place = new Place()
    const watching = place.start('list', '--watch')
    const { code, stdout, stderr } = await place.rdv('signal', 'k', '--expire', '500ms')
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: '' })
    await watching.says(/^join\tk\tready/m)
    await watching.says(/^leave\tk\tready/m)
    expect(await place.state('k')).toBeUndefined()
  })

  test('is there until then, with nobody to keep it', async () => {
    const place = new Place()
    await place.rdv('signal', 'k', '--expire', '1h')
    expect(await place.state('k')).toBe('ready')
  })

  test('becomes sticky by a plain one', async () => {
    const place = new Place()
    await place.rdv('signal', 'k', 'soon-gone', '--expire', '1s')
    await place.rdv('signal', 'control', '--expire', '1s')
    await place.rdv('signal', 'k', 'stays')
    await place.untilGone('control')
    expect(await place.state('k')).toBe('stays')
    expect((await place.rdv('list')).stdout).toBe('k\tstays\t\t\t\n')
  })

  test('takes the place of a sticky one and of another expiring one', async () => {
    const place = new Place()
    await place.rdv('signal', 'k', 'sticky')
    await place.rdv('signal', 'k', 'long', '--expire', '1h')
    await place.rdv('signal', 'k', 'short', '--expire', '300ms')
    expect(['short', undefined]).toContain(await place.state('k'))
    await place.untilGone('k')
  })

  test('of a key that a session holds is refused, and that one is untouched', async () => {
    const place = new Place()
    const holder = place.start('signal', 'k', 'busy', '--hold')
    await place.until('k')
    const { code, stderr } = await place.rdv('signal', 'k', 'x', '--expire', '1s')
    expect(code).toBe(1)
    expect(stderr).toContain(`pid ${holder.pid}`)
    expect(await place.state('k')).toBe('busy')
  })
})

describe('a plain signal on a held key', () => {
  test('changes the state and leaves it held', async () => {
    const place = new Place()
    const holder = place.start('signal', 'k', 'busy', '--hold')
    await place.until('k', 'busy')
    expect(await place.rdv('signal', 'k', 'ready')).toMatchObject({ code: 0 })
    expect(await place.state('k')).toBe('ready')
    const { stdout } = await place.rdv('list')
    expect(stdout).toMatch(new RegExp(`^k\tready\t.+\t${holder.pid}\t`))
    holder.kill('SIGTERM')
    await holder.ended
    expect(await place.state('k')).toBeUndefined()
  })
})
