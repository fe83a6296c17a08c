import * as Args from '@oclif/core/args'

import { RdvCommand } from '../cli/base-command.ts'
import { hintAtPatterns } from '../cli/failure/pattern-hints.ts'
import { watchFlags } from '../cli/flags/global-flags.ts'
import { invocation } from '../cli/invocation.ts'
import { formatTable, note, printResult } from '../cli/output/print.ts'
import { sinceCell } from '../cli/output/since.ts'
import { checkGroup } from '../recipes/core/keys.ts'
import { keyIn, type Namespace } from '../recipes/core/namespace.ts'
import { retryUntilAvailable } from '../recipes/core/retry.ts'
import { list, type Signal, watchList } from '../recipes/list.ts'

export default class List extends RdvCommand {
  static override summary = 'Lists keys with their states and holders.'
  static override description =
    `If stdout is not a terminal, the columns are separated by tabs and have no header: key, state, host, pid, since.
With --watch, it prints a line for each change. The first column is join, change or leave.`
  static override examples = ['<%= config.bin %> list', '<%= config.bin %> list deploy/ --watch']
  static override args = {
    prefix: Args.string({
      description: 'Group whose keys are listed, such as deploy/. Default: all keys.',
      ignoreStdin: true,
    }),
  }
  static override flags = watchFlags

  async run(): Promise<void> {
    const { args, flags } = await this.begin(List)
    const group = args.prefix === undefined ? '' : args.prefix.replace(/\/?$/, '/')
    if (group !== '') checkGroup(group)
    const name = args.prefix?.endsWith('/') ? undefined : args.prefix
    if (flags.watch) await this.#watch(group, name)
    else await this.#list(group, name)
  }

  /** `name` is the argument for the group, if the user wrote it without a slash. */
  async #list(group: string, name?: string): Promise<void> {
    const signals = await this.within(this.limits(), async (namespace, { signal }) => {
      const found = await list(namespace, group, { signal })
      if (found.length === 0) await explainNothing(namespace, group, name, signal)
      return found
    })
    if (invocation.style.json) return printResult(undefined, { ok: true, keys: signals })
    const rows = signals.map(cells)
    if (rows.length === 0) return
    for (const line of formatTable(['KEY', 'STATE', 'HOST', 'PID', 'SINCE'], rows)) {
      await printResult(line, {})
    }
  }

  /** Runs until it is interrupted, or until the time limit of --timeout. */
  async #watch(group: string, name?: string): Promise<void> {
    await this.endsWithReader()
    if (name !== undefined)
      note(`watching the group ${group}, which does not include the key ${name}`)
    await this.within(this.limits(0), async (namespace, { signal }) => {
      await hintAtPatterns(namespace, 'signal', [group], signal)
      for await (const event of watchList(namespace, group, signal)) {
        const [line] = formatTable([], [[event.event, ...cells(event)]], false)
        await printResult(line, { ok: true, ...event })
      }
    })
  }
}

/** If the list is empty, the user may have meant a key or a pattern. */
const explainNothing = async (
  namespace: Namespace,
  group: string,
  name: string | undefined,
  signal: AbortSignal,
): Promise<void> => {
  const key = name && keyIn(namespace, 'signal', name)
  const entry =
    key && (await retryUntilAvailable({ signal }, () => namespace.backend.get(key, { signal })))
  if (entry)
    note(`the group ${group} is empty, but there is a key ${name}: rdv get ${name} prints it`)
  else await hintAtPatterns(namespace, 'signal', [group], signal)
}

const cells = ({ key, state, holder }: Signal): string[] => [
  key,
  state,
  holder?.host ?? '',
  holder ? String(holder.pid) : '',
  sinceCell(holder?.since),
]
