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

/** A text in an example, and its replacement on this machine. */
type Meaning = readonly [text: string, here: string]

/**
 * Acts as Docker, Kubernetes, systemd or a CI runner. It runs the commands in an example's files as processes of this
 * machine, and replaces the names of hosts, ports and folders that are different on this machine.
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

  /** The same folder and environment, with more replacements. They take precedence. */
  where(...meanings: readonly Meaning[]): Stage {
    return new Stage(this.folder, this.env, [...meanings, ...this.#meanings])
  }

  /** Applies the replacements to a text. A replacement is not replaced again. */
  here(text: string): string {
    const meanings = new Map([...this.#meanings].reverse())
    const known = [...meanings.keys()].map((one) => one.replace(/[^\w]/g, '\\$&'))
    if (known.length === 0) return text
    return text.replaceAll(RegExp(known.join('|'), 'g'), (one) => meanings.get(one) ?? one)
  }

  /** Starts a command. It is killed with its whole process group when the test ends. */
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

  /** Runs a command to its end. It must succeed. */
  async run(argv: readonly string[], env: Readonly<Record<string, string>> = {}, cwd = root) {
    const ended = await this.start(argv, env, cwd).ended
    if (ended.code !== 0) throw new Error(`${argv.join(' ')}: ${JSON.stringify(ended)}`)
    return ended
  }
}

/** The id of the process is the id of its group. The kernel does not reuse it while the group has a process. */
const killGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // the group is empty
  }
}

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

export const readYaml = (file: string) => parse(read(file), { merge: true })

export const readDocuments = (file: string) =>
  parseAllDocuments(read(file)).map((document) => document.toJS())

/** Starts a database server that runs until the test ends. */
export const database = async (password: string, name: string): Promise<PostgresService> => {
  const service = await startPostgres({ password, databases: [name] })
  onTestFinished(() => service.stop())
  return service
}

/** A free port, different from all others of the example. */
export const freePort = async (): Promise<string> => String((await freePorts(1))[0])

/** The package file that npm packs from the existing build. npm must not access the network. */
export const packed = async (stage: Stage): Promise<string> => {
  const words = ['npm', 'pack', '--ignore-scripts', '--silent', '--pack-destination', stage.folder]
  const { stdout } = await stage.run(words)
  return join(stage.folder, stdout.trim())
}

/** The example's application. */
export const application = join(root, 'examples/deploy/app')
