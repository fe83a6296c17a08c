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

/** Once before all tests: the server programs are there, and what is tested is what is built. */
export default function setUp(): void {
  provideAllPrograms()
  // within bun it is built already, by Node: `npm run test:bun`
  if (process.versions.bun === undefined) build()
}
