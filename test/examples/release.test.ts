import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { root } from './shell.ts'
import { readYaml, Stage } from './stage.ts'

interface Step {
  readonly name?: string
  readonly run?: string
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const steps = readYaml('.github/workflows/release.yml').jobs.release.steps as readonly Step[]
const script = (name: string): string => steps.find((step) => step.name === name)?.run ?? ''

test('a release has the package, a bill of what is bundled in it, checksums, and notes', async () => {
  const bare = await Stage.with([])
  const out = join(bare.folder, 'release')
  const stage = bare.where(
    // what is built is tested already
    ['npm pack --pack-destination release', `npm pack --ignore-scripts --pack-destination ${out}`],
    ['"release/', `"${out}/`],
    ['cp standalone/rdv-* release', `cp LICENSE ${out}/rdv-linux-x64`],
    ['cd release', `cd ${out}`],
    ['mkdir release', `mkdir ${out}`],
    ['>notes.md', `>${bare.folder}/notes.md`],
  )
  const env = { TAG: `v${manifest.version}` }
  for (const name of ['The tag is the version', 'Pack', 'Notes']) {
    await stage.run(['bash', '-eo', 'pipefail', '-c', script(name)], env)
  }
  const files = globSync('*', { cwd: out }).sort()
  const base = `rendezvous-${manifest.version}`
  expect(files).toEqual(['SHA256SUMS', `${base}.cdx.json`, `${base}.tgz`, 'rdv-linux-x64'].sort())
  await stage.run(['sh', '-c', 'cd "$0" && sha256sum --check --strict SHA256SUMS', out])
  expect(readFileSync(join(bare.folder, 'notes.md'), 'utf8')).toMatch(/### Added/)

  const bill = JSON.parse(readFileSync(join(out, `${base}.cdx.json`), 'utf8'))
  const names = bill.components.map((component: { name: string }) => component.name)
  expect(bill).toMatchObject({ bomFormat: 'CycloneDX' })
  expect(names).toEqual(expect.arrayContaining(['etcd3', 'consul', 'pg', 'fastify', '@oclif/core']))
  expect(names).not.toContain('vitest')
})

test('a tag that is not the version releases nothing', async () => {
  const stage = await Stage.with([])
  const words = ['bash', '-eo', 'pipefail', '-c', script('The tag is the version')]
  expect(await stage.start(words, { TAG: 'v99.0.0' }).ended).toMatchObject({ code: 1 })
})

test('the changelog begins with the version that is released', () => {
  expect(/^## (\S+)$/m.exec(read('CHANGELOG.md'))?.[1]).toBe(manifest.version)
})

test('every changeset says for which version it counts, and what is new', () => {
  const changesets = globSync('.changeset/*.md', { cwd: root }).filter(
    (file) => !/README/.test(file),
  )
  for (const file of changesets) {
    expect(read(file)).toMatch(/^---\n"rendezvous": (patch|minor|major)\n---\n\n\S/)
  }
  expect(JSON.parse(read('.changeset/config.json'))).toMatchObject({ baseBranch: 'main' })
})
