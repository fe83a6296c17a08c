import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { provideAllPrograms } from './fetch.ts'

const checkout = join(import.meta.dirname, '../..')

const build = (): void => {
  const script = join(checkout, 'scripts/build.ts')
  if (!existsSync(script)) return
  execFileSync(process.execPath, [script], {
    cwd: checkout,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** Runs once before all tests: provides the server programs, and builds what is tested. */
export default function setUp(): void {
  provideAllPrograms()
  // within bun, `npm run test:bun` has already built it with Node
  if (process.versions.bun === undefined) build()
}
