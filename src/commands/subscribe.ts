import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { optional, parseCount } from '../base/values.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { hintAtPatterns } from '../cli/failure/pattern-hints.ts'
import { lastingFlags } from '../cli/flags/global-flags.ts'
import { invocation } from '../cli/invocation.ts'
import { asJson, delimited } from '../cli/output/message-format.ts'
import { printMessages } from '../cli/print-messages.ts'
import { delimiterOf } from '../cli/records.ts'
import { checkKey } from '../recipes/core/keys.ts'
import { parseFrom } from '../recipes/topic/position.ts'
import type { Messages } from '../recipes/topic/subscription.ts'

export default class Subscribe extends RdvCommand {
  static override summary = 'Prints the messages of a topic in order, one per line.'
  static override description =
    `Prints "subscribed" on stderr when the subscription is active. It receives all messages that are published after that.
Runs until it is interrupted, and continues after an outage of the store. --timeout limits the whole run.
If messages are lost because they were trimmed before they were read, or the topic was cleared, the exit code is 121.`
  static override examples = [
    '<%= config.bin %> subscribe jobs | while read -r job; do ./work "$job"; done',
    '<%= config.bin %> subscribe events --as mailer --json',
    '<%= config.bin %> subscribe results --from start --count 10 --timeout 5m',
  ]
  static override args = {
    topic: Args.string({ description: 'Name of the topic.', required: true, ignoreStdin: true }),
  }
  static override flags = {
    ...lastingFlags,
    from: Flags.string({
      summary:
        'Position to start at: now (the default), start (the oldest stored message) or the id of a message.',
      helpValue: 'now|start|ID',
    }),
    as: Flags.string({
      summary:
        'Stores the position under this name and continues from it; --from applies to the first run only. After a crash, the last batch may be delivered again.',
      helpValue: 'NAME',
    }),
    count: Flags.string({ summary: 'Exits with 0 after N messages.', helpValue: 'N' }),
    null: Flags.boolean({ summary: 'Messages end with a NUL byte instead of a line feed.' }),
  }

  protected override shortLived = false

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Subscribe)
    checkKey(args.topic, 'topic')
    optional(flags.as, (name) => checkKey(name, 'name of the subscriber'))
    optional(flags.from, parseFrom)
    const count = optional(flags.count, (text) => parseCount(text, '--count', 1))
    const format = (messages: Messages) =>
      invocation.style.json ? asJson(messages) : delimited(messages, delimiterOf(flags.null))
    await this.endsWithReader()
    await this.within(this.limits(0), async (namespace, { signal }) => {
      await hintAtPatterns(namespace, 'topic', [args.topic], signal)
      await printMessages(namespace, args.topic, { ...flags, count, format }, signal)
    })
  }
}
