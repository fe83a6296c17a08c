import { RdvCommand } from '../cli/base-command.ts'
import { watchFlags } from '../cli/flags/global-flags.ts'
import { invocation } from '../cli/invocation.ts'
import { formatTable, printResult } from '../cli/output/print.ts'
import { sinceCell } from '../cli/output/since.ts'
import type { StatusRow } from '../recipes/status/row.ts'
import { status } from '../recipes/status/status.ts'
import { watchStatus } from '../recipes/status/watch-status.ts'

const HEADER = ['KIND', 'NAME', 'STATE', 'ID', 'HOST', 'PID', 'SINCE']

export default class Status extends RdvCommand {
  static override summary = 'Shows holders, leaders, queues and waiters.'
  static override description =
    `Lists held keys, groups, locks with their queues, elections, steps of rdv once, counters, wait groups, barriers, pipes, topics and waiters.
If stdout is not a terminal, the columns are separated by tabs and have no header: kind, name, state, id, host, pid, since.
With --watch, it prints the whole status after each change. On a terminal, it redraws the screen; otherwise, an empty line ends each status.`
  static override examples = [
    '<%= config.bin %> status',
    '<%= config.bin %> status --watch',
    `<%= config.bin %> status --json | jq -r '.status[] | select(.kind == "lock" and .state == "holds") | .holder.host'`,
  ]
  static override flags = watchFlags

  async run(): Promise<void> {
    const { flags } = await this.begin(Status)
    if (flags.watch) return this.#watch()
    const rows = await this.within(this.limits(), (namespace, { signal }) =>
      status(namespace, { signal }),
    )
    await print(rows)
  }

  /** Runs until it is interrupted, or until the time limit of --timeout. */
  async #watch(): Promise<void> {
    await this.endsWithReader()
    await this.within(this.limits(0), async (namespace, { signal }) => {
      for await (const rows of watchStatus(namespace, signal)) {
        const live = process.stdout.isTTY && !invocation.style.json
        if (live) process.stdout.write(CLEAR)
        await print(rows)
        if (!live && !invocation.style.json) await printResult('', {})
      }
    })
  }
}

/** Clears a terminal. */
const CLEAR = '\u001b[H\u001b[2J'

const print = async (rows: readonly StatusRow[]): Promise<void> => {
  if (invocation.style.json) return printResult(undefined, { ok: true, status: rows.map(asJson) })
  if (rows.length === 0) return
  for (const line of formatTable(HEADER, rows.map(cells))) await printResult(line, {})
}

/** A token may be greater than the integers that a JSON number holds exactly. */
const asJson = ({ token, ...row }: StatusRow) => ({
  ...row,
  ...(token !== undefined && { token: String(token) }),
})

const cells = ({ kind, name, state, id, holder }: StatusRow): string[] => [
  kind,
  name,
  state,
  id ?? '',
  holder?.host ?? '',
  String(holder?.pid ?? ''),
  sinceCell(holder?.since),
]
