import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import { TARGETS } from '../../scripts/bun.ts'
import { root } from './shell.ts'
import { packed, readYaml, Stage } from './stage.ts'

interface Step {
  readonly name?: string
  readonly run?: string
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const { on, jobs } = readYaml('.github/workflows/release.yml')
const steps = ['build', 'try', 'publish'].flatMap((job): readonly Step[] => jobs[job].steps)
const script = (name: string): string => steps.find((step) => step.name === name)?.run ?? ''

test('a release has the package, a bill of what is bundled in it, checksums, and notes', async () => {
  const bare = await Stage.with([])
  const out = join(bare.folder, 'release')
  const stage = bare.where(
    ['--pack-destination release', `--pack-destination ${out}`],
    ['"release/', `"${out}/`],
    ['dist/completion/* release', `dist/completion/* ${out}`],
    ['cd release', `cd ${out}`],
    ['mkdir release', `mkdir ${out}`],
    ['node scripts/standalone.ts all', ':'],
    ['cp standalone/rdv-* release', `cp LICENSE ${out}/rdv-linux-x64`],
    ['>notes.md', `>${bare.folder}/notes.md`],
  )
  const env = { TAG: `v${manifest.version}` }
  for (const name of ['The tag is the version', 'Executables', 'Pack', 'Notes']) {
    await stage.run(['bash', '-eo', 'pipefail', '-c', script(name)], env)
  }
  const files = globSync('*', { cwd: out }).sort()
  const base = `rendezvous-${manifest.version}`
  const named = ['SHA256SUMS', '_rdv', 'rdv-linux-x64', 'rdv.1', 'rdv.bash', 'rdv.fish']
  expect(files).toEqual([...named, `${base}.cdx.json`, `${base}.tgz`].sort())
  await stage.run(['sh', '-c', 'cd "$0" && sha256sum --check --strict SHA256SUMS', out])
  expect(readFileSync(join(bare.folder, 'notes.md'), 'utf8')).toMatch(/### Added/)

  const bill = JSON.parse(readFileSync(join(out, `${base}.cdx.json`), 'utf8'))
  const names = bill.components.map((component: { name: string }) => component.name)
  expect(bill).toMatchObject({ bomFormat: 'CycloneDX' })
  expect(names).toEqual(expect.arrayContaining(['etcd3', 'consul', 'pg', 'fastify', '@oclif/core']))
  expect(names).toEqual(expect.arrayContaining(['preact', 'bun']))
  expect(names).not.toContain('vitest')
})

test('what is published is the file that was packed, and its repository is known', async () => {
  const stage = await Stage.with([])
  const move = 'mkdir release && mv "$0" release'
  await stage.run(['sh', '-c', move, await packed(stage)], {}, stage.folder)
  // for --provenance, and for a version that already exists, npm would ask the registry
  const publish = script('Publish').replace('--provenance', '--dry-run --offline --tag test')
  const words = ['bash', '-eo', 'pipefail', '-c', `${publish} --json`]
  const { stdout } = await stage.run(words, {}, stage.folder)
  expect(stdout).toContain(`rendezvous-${manifest.version}.tgz`)
  expect(manifest.repository.url).toMatch(/github\.com\/rendezvous\/rendezvous\.git$/)
})

test('what cannot be run where it was made is tried elsewhere before it is published', async () => {
  const tried = jobs.try.strategy.matrix.include.map(({ file }: { file: string }) => file)
  expect(tried.sort()).toEqual(TARGETS.map((target) => `rdv-${target}`).sort())
  expect(jobs.publish.needs).toContain('try')
  const stage = await Stage.with([])
  const step = script('Try it').replace(/ "release.*/, ' "$(command -v rdv)"')
  const { stdout } = await stage.run(['bash', '-eo', 'pipefail', '-c', step])
  expect(stdout).toMatch(/they have met/)
})

test('the tag of the major version, which workflows name, starts no release', () => {
  const [pattern = ''] = on.push.tags as string[]
  const regex = RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`)
  expect(`v${manifest.version}`).toMatch(regex)
  expect('v0').not.toMatch(regex)
  expect(read('docs/ci.md')).toContain(`rendezvous@v${manifest.version.split('.')[0]}\n`)
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
