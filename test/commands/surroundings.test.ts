import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../services/watchdog.ts'
import { Place } from './rdv.ts'

/**
 * A folder with all files that a runtime might read by itself. Each of them sets another namespace, or leaves a mark.
 */
const trap = (): { folder: string; mark: string } => {
  const folder = temporaryFolder('trap')
  const mark = join(folder, 'mark')
  const script = `require('node:fs').writeFileSync(${JSON.stringify(mark)}, '')\n`
  const variables = `RDV_NAMESPACE=elsewhere\nNODE_OPTIONS=--require=${folder}/trap.cjs\n`
  const files = {
    '.env': variables,
    '.env.local': variables,
    '.env.production': variables,
    'trap.cjs': script,
    'bunfig.toml': `preload = ["./trap.cjs"]\n[run]\npreload = ["./trap.cjs"]\n`,
    'package.json': '{"type":"module","imports":{"#x":"./trap.cjs"},"main":"./trap.cjs"}',
    'tsconfig.json': '{"compilerOptions":{"paths":{"*":["./trap.cjs"]}}}',
    'oclif.manifest.json': '{"commands":{}}',
    '.rdvrc': '{"namespace":"elsewhere"}',
  }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  for (const name of ['pg-native', 'pg-cloudflare', 'etcd3']) {
    mkdirSync(join(folder, 'node_modules', name), { recursive: true })
    writeFileSync(join(folder, 'node_modules', name, 'index.js'), script)
  }
  return { folder, mark }
}

test('nothing of the folder where a command is run is read', async () => {
  const { folder, mark } = trap()
  const place = new Place()
  expect(await place.sh('cd "$1" && rdv signal k here', folder)).toMatchObject({
    code: 0,
    stderr: '',
  })
  expect(await place.rdv('get', 'k')).toMatchObject({ code: 0, stdout: 'here\n' })
  const probe = 'cd "$1" && rdv probe postgres://127.0.0.1:1/app'
  expect(await place.sh(probe, folder)).toMatchObject({ code: 1 })
  expect(existsSync(mark)).toBe(false)
})
