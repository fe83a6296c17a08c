import { execFileSync } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { packed, Stage } from '../examples/stage.ts'

/** The scripts that npm runs when a package is installed. */
const AT_INSTALL = ['preinstall', 'install', 'postinstall', 'prepare']

describe('the package', () => {
  let stage: Stage
  let file = ''

  beforeEach(async () => {
    stage = await Stage.with([])
    file = await packed(stage)
  })

  const read = (name: string): string =>
    execFileSync('tar', ['-xzOf', file, `package/${name}`], { encoding: 'utf8' })

  test('takes at most 3 MB', () => {
    expect(statSync(file).size).toBeLessThanOrEqual(3e6)
  })

  test('needs no other one, and runs nothing where it is installed', () => {
    const { scripts, ...manifest } = JSON.parse(read('package.json'))
    expect(manifest).not.toHaveProperty('dependencies')
    expect(Object.keys(scripts).filter((name) => AT_INSTALL.includes(name))).toEqual([])
  })

  test('has the manual page, and the shells’ completions', async () => {
    expect(read('dist/man/rdv.1')).toMatch(/^\.TH RDV 1 /)
    const { stdout } = await stage.run(['rdv', 'completion', 'zsh'])
    expect(read('dist/completion/_rdv')).toBe(stdout)
    expect(read('dist/completion/rdv.bash')).toMatch(/complete .*rdv/)
    expect(read('dist/completion/rdv.fish')).toMatch(/complete .*rdv/)
  })

  test('does its main job from an empty folder', async () => {
    const folder = join(stage.folder, 'empty')
    mkdirSync(folder)
    const env = { npm_config_offline: 'true', RDV_DATA_DIR: join(folder, 'data') }
    const bare = ['sh', '-c', 'rm "$0/rdv" && npm install "$1"', join(stage.folder, 'bin'), file]
    await stage.run(bare, env, folder)
    const script = 'npx rdv signal x && npx rdv wait x --once'
    expect(await stage.run(['sh', '-c', script], env, folder)).toMatchObject({ stdout: '' })
  })
})
