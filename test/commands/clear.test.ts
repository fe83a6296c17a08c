import { expect, test } from 'vitest'
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
  // more than fit into one commit
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
