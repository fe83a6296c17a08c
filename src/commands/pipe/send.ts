import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { optional, parseCount, parsePositiveDuration } from '../../base/values.ts'
import { RdvCommand } from '../../cli/base-command.ts'
import { parseHost, parseListen, pipeFlags } from '../../cli/flags/pipe-flags.ts'
import { note, printResult } from '../../cli/output/print.ts'
import { delimiterOf, records } from '../../cli/records.ts'
import { LONGEST_MESSAGE } from '../../nanomsg/protocol.ts'
import { checkPipe, checkPipeGroup } from '../../recipes/pipe/names.ts'
import { type Sent, send } from '../../recipes/pipe/send.ts'
import type { SendOptions } from '../../recipes/pipe/send-options.ts'

export default class PipeSend extends RdvCommand {
  static override summary = 'Sends the lines of stdin to each group of receivers of a pipe.'
  static override description =
    `Each group gets every line. Within a group, a line goes to the member with the fewest unread lines.
Stdin is not read while there is no group or a group is full.
At the end of stdin, the receivers read the remaining lines and exit. If the pipe has another sender, the exit code is 1.`
  static override examples = [
    'cat jobs | <%= config.bin %> pipe send jobs --group workers',
    'tail -f app.log | <%= config.bin %> pipe send logs --drop',
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
      summary: 'Name of a group that gets every line, even if its first member joins later.',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'GROUP',
    }),
    min: Flags.string({
      summary:
        'Minimum number of connected receivers of each group before the first line is sent. Default: 0.',
      helpValue: 'N',
    }),
    listen: Flags.string({
      summary:
        'Address and port to listen on. Default: the address from which this machine reaches the store, and a free port.',
      helpValue: 'HOST[:PORT]',
    }),
    advertise: Flags.string({
      summary: 'Host that receivers connect to. Default: the host of --listen.',
      helpValue: 'HOST',
    }),
    drop: Flags.boolean({
      summary: 'Drops lines, instead of waiting, while there is no group or a group is full.',
    }),
    ...pipeFlags,
  }

  async run(): Promise<void> {
    const { args, flags } = await this.begin(PipeSend)
    checkPipe(args.dest)
    const options = {
      groups: flags.group?.map(checkPipeGroup),
      listen: optional(flags.listen, parseListen),
      advertise: optional(flags.advertise, parseHost),
      drop: flags.drop,
      min: optional(flags.min, (text) => parseCount(text, '--min')),
      ttl: optional(flags.ttl, parsePositiveDuration('--ttl')),
    }
    const sent = await this.#send(args.dest, flags.null, options)
    if (sent.dropped > 0) note(`${sent.dropped} messages were dropped`)
    await printResult(undefined, { ok: true, pipe: args.dest, ...sent })
  }

  async #send(pipe: string, isNull: boolean, options: SendOptions): Promise<Sent> {
    const lines = records(process.stdin, delimiterOf(isNull), LONGEST_MESSAGE)
    try {
      return await this.within(this.limits(0), (namespace, { signal }) =>
        send(namespace, pipe, lines, { ...options, signal, onTrouble: note }),
      )
    } finally {
      process.stdin.destroy()
    }
  }
}
