import * as Flags from '@oclif/core/flags'
import { RdvCommand } from '../cli/base-command.ts'
import { printResult } from '../cli/output.ts'
import { ids } from '../recipes/id.ts'
import { optional, parseCount } from '../values.ts'

/** Milliseconds to reach the backend; an id takes less than one. */
const USUAL = 10_000

export default class Id extends RdvCommand {
  static override summary = 'Prints ids that sort by time and that nobody else gets.'
  static override description =
    `63 bits in Sonyflake's layout, as decimal numbers: 39 of time in 10 ms since 2014-09-01, 8 of sequence, 16 of machine.
The machine number is claimed in the backend, so ids are unique in the namespace: 256 in each 10 ms and process.`
  static override examples = ['<%= config.bin %> id', '<%= config.bin %> id --count 10000']
  static override flags = {
    count: Flags.string({ summary: 'So many, a line each. Default: 1.', helpValue: 'N' }),
  }

  async run(): Promise<void> {
    const { flags } = await this.begin(Id)
    const count = optional(flags.count, (text) => parseCount(text, '--count', 1)) ?? 1
    await this.within(this.limits(USUAL + count), async (space, { signal }) => {
      for await (const id of ids(space, { count, signal })) {
        await printResult(String(id), { ok: true, id: String(id) })
      }
    })
  }
}
