import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { NoError } from '../base/errors.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { backendFlag, timeoutFlag } from '../cli/flags/global-flags.ts'
import { note, printResult } from '../cli/output/print.ts'
import { withDeadline } from '../recipes/core/deadline.ts'
import { keptIn } from '../start-up/code-cache/directories.ts'
import { precompile } from '../start-up/code-cache/precompile.ts'

/** The default timeout, in milliseconds: enough for all commands on a slow machine. */
const DEFAULT_TIMEOUT = 60_000

export default class Precompile extends RdvCommand {
  static override summary =
    'Caches the compiled code of common commands, so that they start faster. Run it when you build an image.'
  static override description =
    `Prints the directory of the cache. All users of this program with the same Node use the cache.
It runs the commands in a temporary store, or in a namespace of their own in the store of --backend.`
  static override examples = [
    '<%= config.bin %> precompile',
    '<%= config.bin %> precompile --backend etcd://localhost:2379',
  ]
  static override flags = {
    ...backendFlag('a temporary store'),
    ...timeoutFlag('the command', '1m'),
  }

  async run(): Promise<void> {
    const { flags } = await this.begin(Precompile)
    if (process.versions.bun !== undefined) {
      note('this executable is already compiled: rdv precompile is not needed')
      return printResult(undefined, { ok: true })
    }
    process.exitCode = await withDeadline(this.limits(DEFAULT_TIMEOUT), (signal) =>
      withFolder((folder) => precompile({ env: environmentOf(flags, folder), signal })),
    )
    if (process.exitCode !== 0) return
    const directory = keptIn(resolve(__dirname, '..'), process.env)
    if (directory === undefined) throw new NoError(NOWHERE)
    await printResult(directory, { ok: true, directory })
  }
}

const NOWHERE =
  'the cache cannot be written: run rdv precompile as a user with write access to the directory of the program, or set HOME to a directory that only you can write to'

interface Told {
  readonly backend?: string | undefined
  readonly json: boolean
}

/** The settings of the commands, which keep them from changing data of other users. */
const environmentOf = ({ backend = '', json }: Told, folder: string): NodeJS.ProcessEnv => ({
  RDV_BACKEND: backend,
  RDV_DATA_DIR: folder,
  RDV_NAMESPACE: `precompile-${folder.slice(-6)}`,
  RDV_TIMEOUT: '30s',
  RDV_QUIET: 'true',
  RDV_JSON: String(json),
})

const withFolder = async <T>(body: (folder: string) => Promise<T>): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), 'rdv-precompile-'))
  try {
    return await body(folder)
  } finally {
    await rm(folder, { recursive: true })
  }
}
