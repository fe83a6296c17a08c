import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import manifest from '../../package.json' with { type: 'json' }
import type { Running } from '../commands/rdv.ts'
import { startRdvServe } from '../commands/stores.ts'
import { serveReleases } from './releases.ts'
import { root } from './shell.ts'
import { database, freePort, packed, readYaml, Stage } from './stage.ts'

type Variables = Readonly<Record<string, string>>

interface Step {
  readonly name?: string
  readonly uses?: string
  readonly if?: string
  readonly run?: string
  readonly with?: Variables
  readonly env?: Variables
}

const action = readYaml('action.yml') as {
  readonly inputs: Readonly<Record<string, { readonly default: string }>>
  readonly runs: { readonly using: string; readonly steps: readonly Step[] }
}

/** Acts as a runner of GitHub. It runs steps one after the other, with their files and the expressions in `${{ }}`. */
class Runner {
  readonly stage: Stage
  readonly #folder: string
  readonly #env: Variables
  readonly #releases: string

  constructor(stage: Stage, releases: string, folder: string, env: Variables = {}) {
    this.stage = stage
    this.#folder = folder
    this.#env = env
    this.#releases = releases
    writeFileSync(this.#path, '')
  }

  /** Runs a step of a workflow. */
  async step({ uses, run, with: given = {} }: Step): Promise<string> {
    if (run !== undefined) return this.#run(run)
    if (!uses?.startsWith('your-organisation/')) return '' // checking out, setting up Node: already done
    const { releases, ...others } = given
    expect(releases).toContain('vars.RDV_RELEASES')
    return this.action(others)
  }

  /** Runs the action of this repository. It installs what is built here. */
  async action(given: Variables): Promise<string> {
    const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default])
    const inputs = { ...Object.fromEntries(defaults), releases: this.#releases, ...given }
    let output = ''
    for (const { run = '', env = {}, if: condition } of action.runs.steps) {
      if (condition !== undefined && !this.#holds(condition, inputs)) continue
      output += await this.#run(run, expandAll(env, inputs))
    }
    return output
  }

  get #path(): string {
    return join(this.stage.folder, 'github-path')
  }

  #holds(condition: string, inputs: Variables): boolean {
    const [, name = ''] = /^\$\{\{ inputs\.(\w+) != '' \}\}$/.exec(condition) ?? []
    if (!(name in inputs)) throw new Error(`not understood: ${condition}`)
    return inputs[name] !== ''
  }

  /** Runs a script as `shell: bash` does. Processes that it leaves in the background live until the test ends. */
  async #run(script: string, env: Variables = {}): Promise<string> {
    const added = readFileSync(this.#path, 'utf8').split('\n').filter(Boolean).reverse()
    const output = join(this.stage.folder, 'output')
    appendFileSync(output, '')
    const words = ['bash', '--noprofile', '--norc', '-eo', 'pipefail', '-c']
    const step = `exec >'${output}' 2>&1; ${script}`
    const ended = await this.stage.start(
      [...words, step],
      {
        RUNNER_OS: 'Linux',
        RUNNER_ARCH: process.arch.toUpperCase(),
        ...expandAll(this.#env, {}),
        ...env,
        PATH: [...added, this.stage.env.PATH].join(':'),
        GITHUB_PATH: this.#path,
        RUNNER_TEMP: this.stage.folder,
      },
      this.#folder,
    ).exited
    const text = readFileSync(output, 'utf8')
    if (ended !== 0) throw new Error(`${script}: ${ended}: ${text}`)
    return text
  }
}

const expandAll = (texts: Variables, inputs: Variables): Variables =>
  Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [
      name,
      text.replaceAll(/\$\{\{ (?:inputs|github)\.(\w+) \}\}/g, (_, input) => inputs[input] ?? '1'),
    ]),
  )

/** A stage without rdv on the PATH, because the examples install it themselves. */
const bareStage = async (...meanings: Parameters<typeof Stage.with>[0]): Promise<Stage> => {
  const stage = await Stage.with(meanings)
  await stage.run(['rm', join(stage.folder, 'bin/rdv')])
  return stage
}

describe('the GitHub action', () => {
  test.each(['latest', manifest.version, `v${manifest.version}`])(
    'installs the executable of version %s for the steps after it',
    async (version) => {
      const runner = new Runner(await bareStage(), await serveReleases(), root)
      expect(await runner.action({ version })).toMatch(/^rendezvous\/\S+ \S+ node-\S+\n$/)
      expect(await runner.step({ run: 'rdv --version' })).toMatch(/^rendezvous/)
    },
  )

  test('installs each version once', async () => {
    const runner = new Runner(await bareStage(), await serveReleases(), root)
    await runner.action({})
    await runner.action({ releases: 'http://127.0.0.1:1', run: '--version' })
    await expect(runner.action({ version: '99.0.0' })).rejects.toThrow(/99\.0\.0 cannot be had/)
  })

  test('runs one command, quoted as in a shell, and fails with it', async () => {
    const runner = new Runner(await bareStage(), await serveReleases(), root)
    await runner.action({ run: "signal db 'a b'" })
    expect(await runner.action({ run: 'get db' })).toMatch(/^a b$/m)
    await expect(runner.action({ run: 'wait db=other --once' })).rejects.toThrow(/: 1: /)
  })

  test('does not run what is not what the checksum is of', async () => {
    const runner = new Runner(await bareStage(), await serveReleases({ damaged: true }), root)
    await expect(runner.action({})).rejects.toThrow(/::error::\S+ is not what SHA256SUMS .* says/)
    await expect(runner.step({ run: 'rdv --version' })).rejects.toThrow(/not found/)
  })

  test('says which version there is none of', async () => {
    const runner = new Runner(await bareStage(), await serveReleases(), root)
    await expect(runner.action({ version: '99.0.0' })).rejects.toThrow(
      /::error::rdv-linux-\S+ of version 99\.0\.0 cannot be had/,
    )
  })

  test('looks for the executable for musl where the C library is not glibc', async () => {
    const stage = await bareStage()
    const getconf = join(stage.folder, 'bin/getconf')
    writeFileSync(getconf, '#!/bin/sh\nexit 1\n', { mode: 0o755 })
    const runner = new Runner(stage, await serveReleases(), root)
    await expect(runner.action({})).rejects.toThrow(/::error::rdv-linux-\w+-musl of version latest/)
  })

  test('asks where the releases are', async () => {
    const runner = new Runner(await bareStage(), '', root)
    await expect(runner.action({})).rejects.toThrow(/::error::releases is not set/)
  })

  test('says where there is no executable', async () => {
    const env = { RUNNER_OS: 'Windows' }
    const runner = new Runner(await bareStage(), await serveReleases(), root, env)
    await expect(runner.action({})).rejects.toThrow(/::error::there is no executable .* Windows/)
  })

  test('does in the example what its steps say', async () => {
    const { jobs } = readYaml('examples/ci/github.yml')
    const job = jobs.integration
    const { POSTGRES_PASSWORD, POSTGRES_DB } = job.services.db.env
    const db = await database(POSTGRES_PASSWORD, POSTGRES_DB)
    const stage = await bareStage(
      ['localhost:5432', `127.0.0.1:${db.port}`],
      ['3000', await freePort()],
    )
    const folder = join(root, job.defaults.run['working-directory'])
    const copy = join(stage.folder, 'checkout')
    await stage.run(['cp', '-R', folder, copy])
    const runner = new Runner(stage, await serveReleases(), copy, job.env)
    for (const step of job.steps) await runner.step(step)
    const visit = ['psql', db.url, '--command', 'INSERT INTO visit DEFAULT VALUES']
    await expect(stage.run(visit)).resolves.not.toThrow()
  })
})

interface Job {
  readonly extends?: string
  readonly parallel?: number
  readonly variables?: Variables
  readonly before_script?: readonly string[]
  readonly script: readonly string[]
}

describe('the GitLab template', () => {
  test('lets jobs on different runners meet', async () => {
    const { include, ...own } = readYaml('examples/ci/gitlab-jobs.yml')
    const jobs: Readonly<Record<string, Job>> = { ...readYaml(include.slice(1)), ...own }
    const server = await startRdvServe()
    onTestFinished(() => server.stop())
    const stage = await bareStage()
    const file = await packed(stage)

    /** Starts a job on a runner of its own, with its own installation. */
    const start = (name: string, index = 1): Running => {
      const template = jobs[jobs[name]?.extends ?? ''] as Job
      const job = { ...template, ...jobs[name] } as Job
      const prefix = join(stage.folder, `${name}-${index}`)
      const script = [...(job.before_script ?? []), ...job.script].join('\n')
      return stage.start(['bash', '-eo', 'pipefail', '-c', script], {
        ...expandVariables(job.variables ?? {}),
        RDV_BACKEND: server.url,
        RDV_PACKAGE: file,
        CI_NODE_INDEX: String(index),
        CI_NODE_TOTAL: String(job.parallel ?? 1),
        PATH: `${prefix}/bin:${stage.env.PATH}`,
        npm_config_prefix: prefix,
        npm_config_offline: 'true',
      })
    }

    const merge = start('merge')
    const shards = Array.from({ length: jobs.shard?.parallel ?? 0 }, (_, at) =>
      start('shard', at + 1),
    )
    for (const shard of shards) expect(await shard.ended).toMatchObject({ code: 0 })
    expect(await start('shard', 2).ended).toMatchObject({ code: 0 }) // retried
    expect(await merge.ended).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/60 tests have passed\n$/),
    })
    expect(await start('cleanup').ended).toMatchObject({ code: 0 })
  })
})

const expandVariables = (variables: Variables): Variables =>
  Object.fromEntries(
    Object.entries(variables).map(([name, text]) => [name, text.replace('$CI_PIPELINE_ID', '7')]),
  )
