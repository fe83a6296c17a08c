import { describe, expect, test } from 'vitest'
import { lines, Place } from './rdv.ts'

const filled = async (...keys: string[]): Promise<Place> => {
  const place = new Place()
  for (const key of keys) await place.rdv('signal', key)
  return place
}

const left = async (place: Place): Promise<(string | undefined)[]> =>
  lines((await place.rdv('list')).stdout).map((line) => line.split('\t')[0])

test.each([
  { argv: ['g'], rest: ['g/1', 'g/a/b', 'gx/1', 'h'] },
  { argv: ['g', 'h'], rest: ['g/1', 'g/a/b', 'gx/1'] },
  { argv: ['g/1'], rest: ['g', 'g/a/b', 'gx/1', 'h'] },
  { argv: ['none'], rest: ['g', 'g/1', 'g/a/b', 'gx/1', 'h'] },
  { argv: ['g', '--recursive'], rest: ['gx/1', 'h'] },
  { argv: ['g/', '--recursive'], rest: ['gx/1', 'h'] },
  { argv: ['g/a', '--recursive'], rest: ['g', 'g/1', 'gx/1', 'h'] },
  { argv: ['none/', '--recursive'], rest: ['g', 'g/1', 'g/a/b', 'gx/1', 'h'] },
  { argv: ['g', '--all'], rest: ['gx/1', 'h'] },
])('clear $argv leaves $rest', async ({ argv, rest }) => {
  const place = await filled('g', 'g/1', 'g/a/b', 'gx/1', 'h')
  expect(await place.rdv('clear', ...argv)).toEqual({
    code: 0,
    signal: null,
    stdout: '',
    stderr: '',
  })
  expect(await left(place)).toEqual(rest)
})

test('a large group is cleared whole', async () => {
  const place = new Place()
  // more keys than fit into one commit
  await place.sh('seq 60 | xargs -P 4 -n 1 -I N rdv signal g/N')
  expect(await left(place)).toHaveLength(60)
  expect(await place.rdv('clear', 'g/', '--recursive')).toMatchObject({ code: 0 })
  expect(await left(place)).toEqual([])
})

test('a cleared key can be signalled again', async () => {
  const place = await filled('k')
  await place.rdv('clear', 'k')
  expect(await place.state('k')).toBeUndefined()
  await place.rdv('signal', 'k', 'again')
  expect(await place.state('k')).toBe('again')
})

test('get of a key without a state is 1', async () => {
  const { code, stdout, stderr } = await new Place().rdv('get', 'k')
  expect({ code, stdout, stderr }).toEqual({
    code: 1,
    stdout: '',
    stderr: 'rdv: k is not signalled\n',
  })
})

describe('a pattern, which clear does not take', () => {
  test.each([
    { argv: ['*'], says: 'write names as rdv list and rdv status print them' },
    { argv: ['*', '--all'], says: 'write names as rdv list' },
    { argv: ['g/*'], says: 'to clear all keys below g/, write g/ --recursive' },
    { argv: ['g/a/*', '--recursive'], says: 'write g/a/ --recursive' },
    { argv: ['h', 'g*'], says: 'nothing is named "g*", and patterns are not supported' },
  ])('is a usage error that clears nothing: $argv', async ({ argv, says }) => {
    const place = await filled('g/1', 'h')
    const { code, stdout, stderr } = await place.rdv('clear', ...argv)
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(says),
    })
    expect(await left(place)).toEqual(['g/1', 'h'])
  })

  test('but is cleared where it is the name of a key, of a group or of something else', async () => {
    const place = await filled('*', 'g*/1', 'h')
    await place.rdv('counter', 'inc', 'n*')
    expect(await place.rdv('clear', '*')).toMatchObject({ code: 0, stderr: '' })
    expect(await place.rdv('clear', 'g*/', '--recursive')).toMatchObject({ code: 0, stderr: '' })
    expect(await place.rdv('clear', 'n*')).toMatchObject({ code: 2 })
    expect(await place.rdv('clear', 'n*', '--all')).toMatchObject({ code: 0, stderr: '' })
    expect(await left(place)).toEqual(['h'])
  })

  test.each(['a?', 'build[linux]'])('is not suspected of %s', async (key) => {
    expect(await (await filled()).rdv('clear', key)).toMatchObject({ code: 0, stderr: '' })
  })
})

describe('a name that looks like a pattern', () => {
  test.each([
    ['get d/*', 1],
    ['wait d/* --once', 1],
    ['wait d/*=up --once', 1],
    ['wait d/* --not', 0],
    ['list d/x*', 0],
    ['list d/x*/', 0],
  ])('is said to be a name by rdv %s, where nothing has it', async (line, code) => {
    const place = await filled('d/1')
    const ended = await place.rdv(...line.split(' '))
    expect(ended).toMatchObject({ code, stdout: '' })
    expect(ended.stderr).toMatch(
      /"d\/x?\*\/?" is used as a name, because patterns are not supported: for all keys below d\/, write d\//,
    )
  })

  test('is a name like others where something has it', async () => {
    const place = await filled('d/*', 'g*/1')
    for (const line of ['get d/*', 'wait d/*', 'wait g*/', 'list g*/', 'clear d/*']) {
      const { code, stderr } = await place.rdv(...line.split(' '))
      expect({ line, code, stderr }).toEqual({ line, code: 0, stderr: '' })
    }
  })

  test('is said to be one by subscribe', async () => {
    const place = new Place()
    const subscriber = place.start('subscribe', 'jobs.*')
    await subscriber.says(/"jobs\.\*" is used as a name, because patterns are not supported/)
    await subscriber.says(/^rdv: subscribed$/m)
    subscriber.kill('SIGTERM')
    expect((await subscriber.ended).stdout).toBe('')
  })
})
