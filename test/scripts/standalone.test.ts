import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { wrongPages } from './mach-o.ts'

const root = join(import.meta.dirname, '../..')
const TARGETS = ['darwin-x64', 'darwin-arm64']

describe('the executables for macOS', () => {
  beforeAll(() => {
    // from the existing build: another build would remove files that other tests use
    execFileSync(process.execPath, ['scripts/standalone.ts', ...TARGETS], {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
  }, 900_000)

  const file = (target: string): string => join(root, 'standalone', `rdv-${target}`)

  test('are not ended for a wrong signature', () => {
    expect(wrongPages(readFileSync(file('darwin-arm64')))).toEqual([])
    expect(wrongPages(readFileSync(file('darwin-x64')))).toBeUndefined()
  })

  test.each(TARGETS)('take at most 120 MB for %s', (target) => {
    expect(statSync(file(target)).size).toBeLessThanOrEqual(120e6)
  })
})
