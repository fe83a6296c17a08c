import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { RdvCommand } from '../cli/base-command.ts'
import { invocation } from '../cli/invocation.ts'
import { formatTable, printResult } from '../cli/output.ts'
import { sinceCell } from '../cli/since.ts'
import { checkGroup } from '../recipes/keys.ts'
import { list, type Signal, watchList } from '../recipes/list.ts'

export default class List extends RdvCommand {
  static override summary = 'Lists keys with their states and who holds them.'
  static override description =
    'Elsewhere than on a terminal the columns are separated by tabs and have no header: key, state, host, pid, since.'
  static override examples = ['<%= config.bin %> list', '<%= config.bin %> list deploy/ --watch']
  static override args = {
    prefix: Args.string({ description: 'A group, such as deploy/.', ignoreStdin: true }),
  }
  static override flags = {
    watch: Flags.boolean({ summary: 'Goes on with a line for each join, change and leave.' }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.begin(List)
    const group = args.prefix === undefined ? '' : args.prefix.replace(/\/?$/, '/')
    if (group !== '') checkGroup(group)
    if (flags.watch) await this.#watch(group)
    else await this.#list(group)
  }

  async #list(group: string): Promise<void> {
    const signals = await this.within(this.limits(), (space, { signal }) =>
      list(space, group, { signal }),
    )
    if (invocation.style.json) return printResult(undefined, { ok: true, keys: signals })
    const rows = signals.map(cells)
    if (rows.length === 0) return
    for (const line of formatTable(['KEY', 'STATE', 'HOST', 'PID', 'SINCE'], rows)) {
      await printResult(line, {})
    }
  }

  /** Until interrupted, or for as long as --timeout says. */
  async #watch(group: string): Promise<void> {
    await this.within(this.limits(0), async (space, { signal }) => {
      for await (const event of watchList(space, group, signal)) {
        const [line] = formatTable([], [[event.event, ...cells(event)]], false)
        await printResult(line, event)
      }
    })
  }
}

const cells = ({ key, state, holder }: Signal): string[] => [
  key,
  state,
  holder?.host ?? '',
  holder ? String(holder.pid) : '',
  sinceCell(holder?.since),
]
