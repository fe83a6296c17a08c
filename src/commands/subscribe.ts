import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { optional, parseCount } from '../base/values.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { hintAtPatterns } from '../cli/failure/pattern-hints.ts'
import { lastingFlags, nullFlag } from '../cli/flags/global-flags.ts'
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
    `Prints "subscribed" on stderr when the subscription is active. All messages that are published after that are printed.
Runs until it is interrupted, and continues after an outage of the store.
If messages were trimmed before they were read, or if the topic was cleared, the exit code is 121.`
  static override examples = [
    '<%= config.bin %> subscribe jobs | while read -r job; do ./work "$job"; done',
    '<%= config.bin %> subscribe events --as mailer --json',
    '<%= config.bin %> subscribe results --from start --count 10 --timeout 5m',
  ]
  static override args = {
    topic: Args.string({
      description: 'Name of the topic, such as jobs.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    ...lastingFlags,
    from: Flags.string({
      summary:
        'Position to start at: now, start (the oldest stored message) or the id of a message. Default: now.',
      helpValue: 'now|start|ID',
    }),
    as: Flags.string({
      summary:
        'Name under which the position is stored. The next run with this name continues there and ignores --from. After a crash, the last batch may be delivered again.',
      helpValue: 'NAME',
    }),
    count: Flags.string({
      summary: 'Number of messages after which it exits with 0. Default: no limit.',
      helpValue: 'N',
    }),
    ...nullFlag,
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
