import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'
import { attend, type Running } from '../commands/rdv.ts'
import { onTestFinished } from '../finished.ts'
import { freePorts } from '../services/ports.ts'
import { type PostgresService, startPostgres } from '../services/postgres.ts'
import { temporaryFolder } from '../services/watchdog.ts'
import { environmentIn, root } from './shell.ts'

/** What a text of an example means on this machine. */
type Meaning = readonly [text: string, here: string]

/**
 * Plays the part of Docker, of Kubernetes, of systemd, of a CI runner: runs the commands that stand in an example's files as
 * processes of this machine, with the names of hosts, ports and folders that mean something else here replaced.
 */
export class Stage {
  readonly folder: string
  readonly env: NodeJS.ProcessEnv
  readonly #meanings: readonly Meaning[]

  private constructor(folder: string, env: NodeJS.ProcessEnv, meanings: readonly Meaning[]) {
    this.folder = folder
    this.env = env
    this.#meanings = meanings
  }

  static async with(
    meanings: readonly Meaning[],
    settings: NodeJS.ProcessEnv = {},
  ): Promise<Stage> {
    const folder = temporaryFolder('stage')
    return new Stage(folder, { ...(await environmentIn(folder)), ...settings }, meanings)
  }

  /** The same place, where some texts mean something else. */
  where(...meanings: readonly Meaning[]): Stage {
    return new Stage(this.folder, this.env, [...meanings, ...this.#meanings])
  }

  /** A text as it must be here. What has been replaced is not looked at again. */
  here(text: string): string {
    const meanings = new Map([...this.#meanings].reverse())
    const known = [...meanings.keys()].map((one) => one.replace(/[^\w]/g, '\\$&'))
    if (known.length === 0) return text
    return text.replaceAll(RegExp(known.join('|'), 'g'), (one) => meanings.get(one) ?? one)
  }

  /** Starts a command; it is killed with all that it has started when the test ends. */
  start(argv: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = root): Running {
    const [program = '', ...args] = argv.map((word) => this.here(word))
    const settings = Object.entries(env).map(([name, value]) => [name, this.here(value)])
    const child = spawn(program, args, {
      env: { ...this.env, ...Object.fromEntries(settings) },
      cwd,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const running = attend(child)
    onTestFinished(() => killGroup(running.pid))
    return running
  }

  /** Runs a command that must succeed, to its end. */
  async run(argv: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = root) {
    const ended = await this.start(argv, env, cwd).ended
    if (ended.code !== 0) throw new Error(`${argv.join(' ')}: ${JSON.stringify(ended)}`)
    return ended
  }
}

/** Its process id is its group's, and stays while anybody is in that. */
const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // nobody is left
  }
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

export const readYaml = (file: string) => parse(read(file), { merge: true })

export const readDocuments = (file: string) =>
  parseAllDocuments(read(file)).map((document) => document.toJS())

/** A database server that is there from now on until the test ends. */
export const database = async (password: string, name: string): Promise<PostgresService> => {
  const service = await startPostgres({ password, databases: [name] })
  onTestFinished(() => service.stop())
  return service
}

/** Another one than every other's. */
export const freePort = async (): Promise<string> => String((await freePorts(1))[0])

/** The package as npm installs it, of what is built; npm must not ask anybody. */
export const packed = async (stage: Stage): Promise<string> => {
  const words = ['npm', 'pack', '--ignore-scripts', '--silent', '--pack-destination', stage.folder]
  const { stdout } = await stage.run(words)
  return join(stage.folder, stdout.trim())
}

/** The example's application. */
export const application = join(root, 'examples/deploy/app')
