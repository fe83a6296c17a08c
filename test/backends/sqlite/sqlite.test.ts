import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openBackend } from '../../../src/backends/open.ts'
import { sharedConformance } from '../conformance/index.ts'

sharedConformance(async () => {
  const directory = await mkdtemp(join(tmpdir(), 'rdv-sqlite-'))
  const url = `sqlite://${directory}/store.db`
  return {
    url,
    connect: (options) => openBackend(url, { env: {}, ...options }),
    stop: () => rm(directory, { recursive: true }),
  }
})
