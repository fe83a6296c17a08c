import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { optional, parseCount, parsePositiveDuration } from '../../base/values.ts'
import { RdvCommand } from '../../cli/base-command.ts'
import { pipeFlags } from '../../cli/flags/pipe-flags.ts'
import { invocation } from '../../cli/invocation.ts'
import { BatchedOutput } from '../../cli/output/batched-output.ts'
import { asJsonLine } from '../../cli/output/message-format.ts'
import { note } from '../../cli/output/print.ts'
import { delimiterOf } from '../../cli/records.ts'
import { checkPipe, checkPipeGroup } from '../../recipes/pipe/names.ts'
import { receive } from '../../recipes/pipe/receive.ts'

export default class PipeReceive extends RdvCommand {
  static override summary = 'Receives lines from a pipe as a member of a group, and prints them.'
  static override description =
    `Each group gets every line. Within a group, a line goes to the member with the fewest unread lines.
The receiver waits for a sender and, if the sender dies, for the next sender.
When the stdin of a sender has ended, the receiver prints the remaining lines and exits with 0.`
  static override examples = [
    '<%= config.bin %> pipe receive jobs --group workers | while read -r job; do ./work "$job"; done',
    '<%= config.bin %> pipe receive logs --group archive >>archive.log',
    '<%= config.bin %> pipe receive jobs --group workers --count 1',
  ]
  static override args = {
    dest: Args.string({
      description: 'Name of the pipe, such as jobs.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    group: Flags.string({
      summary: 'Name of the group to join.',
      required: true,
      helpValue: 'GROUP',
    }),
    count: Flags.string({
      summary: 'Number of messages after which it exits with 0. Default: no limit.',
      helpValue: 'N',
    }),
    ...pipeFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.begin(PipeReceive)
    checkPipe(args.dest)
    checkPipeGroup(flags.group)
    const options = {
      count: optional(flags.count, (text) => parseCount(text, '--count', 1)),
      ttl: optional(flags.ttl, parsePositiveDuration('--ttl')),
      onTrouble: note,
    }
    const delimiter = Buffer.from([delimiterOf(flags.null)])
    const format = (message: Buffer) =>
      invocation.style.json ? [Buffer.from(asJsonLine(message))] : [message, delimiter]
    await this.endsWithReader()
    await this.within(this.limits(0), async (namespace, { signal }) => {
      const output = new BatchedOutput(signal)
      const messages = receive(namespace, args.dest, flags.group, { ...options, signal })
      try {
        for await (const message of messages) await output.write(...format(message))
      } finally {
        await output.end()
      }
    })
  }
}
