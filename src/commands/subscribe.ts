import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { RdvCommand } from '../cli/base-command.ts'
import { lastingFlags } from '../cli/flags.ts'
import { invocation } from '../cli/invocation.ts'
import { asJson, delimited } from '../cli/message-format.ts'
import { note } from '../cli/output.ts'
import { PatientOutput } from '../cli/patient-output.ts'
import { hintAtPatterns } from '../cli/pattern-hints.ts'
import { delimiterOf } from '../cli/records.ts'
import { checkKey } from '../recipes/keys.ts'
import type { Space } from '../recipes/space.ts'
import { parseFrom } from '../recipes/topic/position.ts'
import {
  type Messages,
  Subscription,
  type SubscriptionOptions,
} from '../recipes/topic/subscription.ts'
import { optional, parseCount } from '../values.ts'

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

  protected override brief = false

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Subscribe)
    checkKey(args.topic, 'topic')
    optional(flags.as, (name) => checkKey(name, 'name of the subscriber'))
    optional(flags.from, parseFrom)
    const count = optional(flags.count, (text) => parseCount(text, '--count', 1))
    const format = (messages: Messages) =>
      invocation.style.json ? asJson(messages) : delimited(messages, delimiterOf(flags.null))
    await this.endsWithReader()
    await this.within(this.limits(0), async (space, { signal }) => {
      await hintAtPatterns(space, 'topic', [args.topic], signal)
      await print(space, args.topic, { ...flags, count, format }, signal)
    })
  }
}

interface PrintOptions extends SubscriptionOptions {
  readonly count: number | undefined
  readonly format: (messages: Messages) => string | Uint8Array
}

/** Until so many were printed. An interrupt ends it after what is being printed. */
const print = async (
  space: Space,
  topic: string,
  { count = Number.POSITIVE_INFINITY, format, ...options }: PrintOptions,
  signal: AbortSignal,
): Promise<void> => {
  const subscription = await Subscription.open(
    space,
    topic,
    { ...options, onTrouble: note },
    signal,
  )
  note('subscribed')
  const output = new PatientOutput(signal)
  let left = count
  for await (const group of subscription.messages(signal)) {
    const messages = group.messages.slice(0, left)
    await taken(output, format({ ...group, messages })).catch((error) => {
      if (!process.stdout.errored) subscription.tellRepeated(messages.length)
      throw error
    })
    left -= messages.length
    await remember(subscription, { ...group, messages }, signal)
    if (left === 0) return
    signal.throwIfAborted()
  }
}

const taken = async (output: PatientOutput, bytes: string | Uint8Array): Promise<void> => {
  await output.write(bytes)
  await output.flush()
}

/** What was printed is remembered even if that is interrupted, where the store answers at once. */
const remember = async (
  subscription: Subscription,
  group: Messages,
  signal: AbortSignal,
): Promise<void> => {
  const { length } = group.messages
  try {
    if (!signal.aborted) return await subscription.confirm(group, length, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
  await subscription.confirmAtLast(group, length)
  throw signal.reason
}
