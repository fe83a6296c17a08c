import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { beforeAll, describe, expect, test } from 'vitest'
import { temporaryFolder } from '../services/watchdog.ts'
import { root } from './shell.ts'
import { freePort, Stage } from './stage.ts'

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
const last = (stage: readonly Instruction[], wanted: string): string =>
  all(stage, wanted).at(-1) ?? ''

describe('the Dockerfile', () => {
  test('takes files that are there, and makes the image by the script', () => {
    const sources = all(build, 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1))
    expect(sources.filter((path) => !existsSync(join(root, path)))).toEqual([])
    expect(all(build, 'RUN')).toContain('npm run image')
    expect(all(image, 'FROM')).toEqual(['scratch'])
  })

  test('makes what the application of the examples takes rdv from', () => {
    const [app = []] = stagesOf('examples/deploy/app/Dockerfile')
    const sources = all(app, 'COPY').flatMap((rest) => rest.split(' ').slice(0, -1))
    const [from, ...more] = sources.filter((word) => !word.startsWith('/'))
    expect(from).toBe('--from=rendezvous')
    expect(more.filter((path) => !existsSync(join(root, 'examples/deploy/app', path)))).toEqual([])
    expect(last(app, 'USER')).toBe('node')
  })
})

describe('the image', () => {
  const folder = temporaryFolder('image')
  const file = (name: string): Buffer => readFileSync(join(folder, 'oci', name))
  const json = (name: string) => JSON.parse(file(name).toString())
  const blob = ({ digest }: { digest: string }): string => `blobs/${digest.replace(':', '/')}`
  const rootFolder = join(folder, 'root')

  /** The command line that runs `words` in the root file system of the image, with the image's user and variables. */
  const within = (...words: string[]): string[] => {
    const { User, Env, Entrypoint } = config()
    const user = process.getuid?.() === 0 ? [`--userspec=${User}`] : []
    const enter = user.length > 0 ? [] : ['unshare', '--map-root-user']
    const [init, ...options] = Entrypoint as string[]
    // tini is not process 1 here
    const program = [`/usr/bin/${init}`, '-s', ...options, ...words]
    return [...enter, 'env', '-i', ...Env, '/usr/sbin/chroot', ...user, rootFolder, ...program]
  }
  const manifest = () => json(blob(json('index.json').manifests[0]))
  const config = () => json(blob(manifest().config)).config

  beforeAll(() => {
    // from the existing build: another build would remove files that other tests use
    for (const script of ['scripts/standalone.ts', 'scripts/image.ts'])
      execFileSync(process.execPath, [script], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] })
    for (const name of ['oci', 'root']) mkdirSync(join(folder, name))
    const unpack = ['-xf', join(root, 'standalone/image.tar'), '-C', join(folder, 'oci')]
    execFileSync('tar', unpack)
    execFileSync('tar', ['-xzf', join(folder, 'oci', blob(manifest().layers[0])), '-C', rootFolder])
  }, 900_000)

  test('is what its digests say', () => {
    const digest = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    const { layers, config: about } = manifest()
    for (const one of [json('index.json').manifests[0], about, ...layers])
      expect([digest(file(blob(one))), file(blob(one)).length]).toEqual([one.digest, one.size])
    const [layer] = layers
    expect(json(blob(about)).rootfs.diff_ids).toEqual([digest(gunzipSync(file(blob(layer))))])
    expect(json('oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' })
  })

  test('runs as the Dockerfile says', () => {
    const { User, Env, Entrypoint, Cmd, ExposedPorts, Volumes } = config()
    expect(User).toBe(last(image, 'USER'))
    expect(User).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect(Env).toEqual(last(image, 'ENV').split(' '))
    expect([Entrypoint, Cmd]).toEqual(
      ['ENTRYPOINT', 'CMD'].map((name) => JSON.parse(last(image, name))),
    )
    expect(Object.keys(ExposedPorts)).toEqual([`${last(image, 'EXPOSE')}/tcp`])
    expect(Object.keys(Volumes)).toEqual([last(image, 'VOLUME')])
  })

  test('has no shell and no Node, and executables of at most 120 MB', () => {
    for (const name of ['bin/sh', 'usr/bin/sh', 'bin/bash', 'usr/bin/node', 'usr/local/bin/node'])
      expect(existsSync(join(rootFolder, name))).toBe(false)
    expect(statSync(join(rootFolder, 'usr/bin/rdv')).size).toBeLessThan(120e6)
  })

  test('serves, waits, and becomes another program, where nothing but its own files is there', async () => {
    const stage = await Stage.with([])
    const port = await freePort()
    const server = stage.start(within(...config().Cmd, '--listen', `127.0.0.1:${port}`))
    await server.says(/listening on/)
    const target = `tcp://localhost:${port}`
    const wait = ['rdv', 'wait', target, '--', '/usr/bin/rdv', 'signal', 'db', 'migrated']
    expect(await stage.run(within(...wait))).toMatchObject({ stdout: '' })
    expect(await stage.run(within('rdv', 'get', 'db'))).toMatchObject({ stdout: 'migrated\n' })
    server.kill('SIGTERM')
    expect(await server.ended).toMatchObject({ code: 0 })
  })
})
