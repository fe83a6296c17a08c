import { globSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root, runShell } from './shell.ts'

const scripts = globSync(join(root, 'examples/*.sh')).sort()

/** The output that the comment at the top of a script describes. */
const promised = (script: string): string => {
  const [, lines = ''] = /^# Prints:\n((?:# {3}.*\n)+)/m.exec(readFileSync(script, 'utf8')) ?? []
  return lines.replaceAll(/^# {3}/gm, '')
}

describe('every example ends with 0 and prints what its comment promises', () => {
  it('there are some', () => expect(scripts.length).toBeGreaterThan(0))

  for (const script of scripts) {
    it.concurrent(basename(script), async ({ expect }) => {
      expect(promised(script)).not.toBe('')
      const { code, stdout, stderr } = await runShell(() => [script])
      expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: promised(script), stderr: '' })
    })
  }
})
