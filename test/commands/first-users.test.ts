import { expect, test } from 'vitest'
import { Place } from './rdv.ts'

const KEYS = Array.from({ length: 24 }, (_, i) => `first/${i}`)

test('many who come at the same time to a store that is not there yet keep what they hold', async () => {
  const place = new Place()
  const holders = KEYS.map((key) => place.start('signal', key, '--hold', '--on-loss', 'stop'))
  await place.rdv('wait', 'first/', '--min', String(KEYS.length))
  const { stdout } = await place.rdv('list', 'first/')
  expect(stdout.trim().split('\n')).toHaveLength(KEYS.length)
  for (const holder of holders) holder.kill('SIGTERM')
  for (const { ended } of holders) expect(await ended).toMatchObject({ code: 143, stderr: '' })
})
