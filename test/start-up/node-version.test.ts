import { execFile } from 'node:child_process'
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../services/watchdog.ts'

const executable = join(import.meta.dirname, '../../bin/rdv.cjs')

/** Runs `rdv --version` on a Node that claims to be of this version. */
const runOn = (version: string): Promise<{ code: number; stdout: string; stderr: string }> => {
  const pretence = join(temporaryFolder('node'), 'pretence.cjs')
  const versions = `{ ...process.versions, node: ${JSON.stringify(version)} }`
  writeFileSync(pretence, `Object.defineProperty(process, 'versions', { value: ${versions} })`)
  return new Promise((resolve) => {
    execFile(process.execPath, ['-r', pretence, executable, '--version'], (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

test.each(['0.12.18', '12.22.12', '20.19.5', '21.7.3', '22.14.0'])(
  'Node %s is told what it lacks',
  async (version) => {
    expect(await runOn(version)).toEqual({
      code: 125,
      stdout: '',
      stderr: `rdv: this is Node ${version}, and rdv needs 22.15 or later: install a newer Node\n`,
    })
  },
)

test.each(['22.15.0', '22.20.1', '23.0.0', '24.1.0', '100.0.0'])(
  'Node %s is taken',
  async (version) => {
    const { code, stdout } = await runOn(version)
    expect(code).toBe(0)
    expect(stdout).toContain('rendezvous/')
  },
)

test('a checkout that is not built is told what to do', async () => {
  const folder = join(temporaryFolder('checkout'), 'bin')
  mkdirSync(folder)
  copyFileSync(executable, join(folder, 'rdv.cjs'))
  const error = await promisify(execFile)(process.execPath, [join(folder, 'rdv.cjs')]).catch(
    (caught) => caught,
  )
  expect([error.code, error.stderr]).toEqual([
    125,
    'rdv: this checkout is not built yet: npm run build\n',
  ])
})
