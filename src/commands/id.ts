import * as Flags from '@oclif/core/flags'
import { optional, parseCount } from '../base/values.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { timeoutFlag } from '../cli/flags/global-flags.ts'
import { printResult } from '../cli/output/print.ts'
import { ids } from '../recipes/id/id.ts'

/** Milliseconds to reach the backend. The default time limit adds a millisecond for each id, which takes less. */
const DEFAULT_TIMEOUT = 10_000

export default class Id extends RdvCommand {
  static override summary = 'Prints unique ids that sort by time.'
  static override description =
    `An id is a decimal number of 63 bits in Sonyflake's layout: 39 bits of time in units of 10 ms since 2014-09-01, 8 bits of sequence number and 16 bits of machine number.
Ids are unique in the namespace, because each process claims its machine number in the store.
A process can make up to 256 ids in 10 ms.`
  static override examples = ['<%= config.bin %> id', '<%= config.bin %> id --count 10000']
  static override flags = {
    count: Flags.string({
      summary: 'Number of ids to print, one per line. Default: 1.',
      helpValue: 'N',
    }),
    ...timeoutFlag('the command', '10s, and 1ms for each id'),
  }

  async run(): Promise<void> {
    const { flags } = await this.begin(Id)
    const count = optional(flags.count, (text) => parseCount(text, '--count', 1)) ?? 1
    await this.within(this.limits(DEFAULT_TIMEOUT + count), async (namespace, { signal }) => {
      for await (const id of ids(namespace, { count, signal })) {
        await printResult(String(id), { ok: true, id: String(id) })
      }
    })
  }
}
