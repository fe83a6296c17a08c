import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { Place } from './rdv.ts'
import { REMOTE_STORES } from './stores.ts'

const script = readFileSync(fileURLToPath(new URL('ten-lines.sh', import.meta.url)), 'utf8')

test('one script of ten lines passes where no backend is named', async () => {
  expect(await new Place().sh(script)).toMatchObject({ code: 0, signal: null })
})

test.each(REMOTE_STORES)('it passes unchanged on $scheme://', async ({ start }) => {
  const store = await start()
  try {
    const place = new Place({ RDV_BACKEND: store.url })
    for (let round = 0; round < 2; round++) {
      expect(await place.sh(script)).toMatchObject({ code: 0, signal: null })
    }
  } finally {
    await store.stop()
  }
})
