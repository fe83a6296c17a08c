import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { root } from './shell.ts'
import { packed, Stage } from './stage.ts'

interface Instruction {
  readonly name: string
  readonly rest: string
}

/** The instructions of a Dockerfile, stage by stage. */
const stagesOf = (file: string): Instruction[][] => {
  const text = readFileSync(join(root, file), 'utf8').replaceAll(/^#.*\n/gm, '')
  const instructions = text
    .replaceAll('\\\n', '')
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [, name = '', rest = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? []
      return { name, rest }
    })
  return instructions.reduce<Instruction[][]>((stages, instruction) => {
    if (instruction.name === 'FROM') stages.push([])
    stages.at(-1)?.push(instruction)
    return stages
  }, [])
}

const [build = [], image = []] = stagesOf('Dockerfile')
const all = (stage: readonly Instruction[], wanted: string): string[] =>
  stage.filter(({ name }) => name === wanted).map(({ rest }) => rest)

describe('the image', () => {
  test('runs as nobody special, below tini', () => {
    expect(all(image, 'USER').at(-1)).toBe('rdv')
    expect(all(image, 'RUN').join()).toMatch(/adduser .*-u 1000 rdv/)
    expect(JSON.parse(all(image, 'ENTRYPOINT')[0] ?? '')).toEqual(['/sbin/tini', '--'])
    expect(image.findIndex(({ name }) => name === 'USER')).toBeLessThan(
      image.findIndex(({ name }) => name === 'ENTRYPOINT'),
    )
  })

  test('is made of files that are there', () => {
    const sources = all(build, 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1))
    expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  test('installs a program whose default command serves', async () => {
    const bare = await Stage.with([])
    const folder = join(bare.folder, 'opt')
    const stage = bare.where(
      ['/opt/rdv', folder],
      ['/tmp/warm', join(bare.folder, 'warm')],
      ['/tmp/rendezvous-*.tgz', await packed(bare)],
    )
    const [install, warm, ...more] = all(build, 'RUN').slice(2)
    expect({ install, warm, more }).toMatchObject({
      install: expect.stringContaining('npm install'),
      warm: expect.stringContaining('warm.cjs'),
      more: [],
    })
    for (const line of [install, warm]) {
      await stage.run(['sh', '-euc', line ?? ''], { npm_config_offline: 'true' })
    }
    const [command = '', ...args] = JSON.parse(all(image, 'CMD')[0] ?? '') as string[]
    const program = join(folder, 'bin', command)
    await stage.start([program, ...args, '--listen', '127.0.0.1:0']).says(/listening on/)
  })

  test('is what the application of the examples is built on', () => {
    const [app = []] = stagesOf('examples/deploy/app/Dockerfile')
    const sources = all(app, 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1))
    expect(all(app, 'FROM')).toEqual(['rendezvous'])
    expect(all(app, 'USER').at(-1)).toBe('rdv')
    expect(sources.filter((path) => !existsSync(join(root, 'examples/deploy/app', path)))).toEqual(
      [],
    )
  })
})
