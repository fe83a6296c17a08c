import { hostname } from 'node:os'
import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { UsageError } from '../base/errors.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { ownershipFlags, ownershipOptions } from '../cli/flags/ownership-flags.ts'
import { invocation } from '../cli/invocation.ts'
import { checkKey } from '../recipes/core/keys.ts'

export default class Elect extends RdvCommand {
  static override summary = 'Campaigns for leadership and leads while COMMAND runs.'
  static override description =
    `Without COMMAND, it prints ID TOKEN when it becomes the leader, and leads until it is interrupted.
When the leader stops or dies, the candidate that has waited longest becomes the next leader.
COMMAND gets RDV_FENCING_TOKEN, which increases with each leader. If the leadership is lost, COMMAND is ended and the exit code is 121.`
  static override usage = 'elect NAME [FLAGS] [-- COMMAND…]'
  static override examples = [
    '<%= config.bin %> elect shop -- ./scheduler',
    '<%= config.bin %> elect shop --id $HOSTNAME --again -- ./scheduler',
    '<%= config.bin %> elect shop --events',
  ]
  static override args = {
    name: Args.string({
      description: 'Name of the election, such as shop.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    id: Flags.string({
      summary: 'Id of this candidate. Default: the host name and the process id.',
      helpValue: 'ID',
    }),
    again: Flags.boolean({ summary: 'Campaigns again after the leadership is lost.' }),
    events: Flags.boolean({
      summary: 'Prints each event as a line of JSON instead of ID TOKEN.',
    }),
    ...ownershipFlags,
  }

  protected override readonly takesCommand = true

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Elect)
    const name = checkKey(args.name)
    const { command } = invocation
    if (flags.events && command) {
      throw new UsageError('--events and COMMAND both write to stdout: leave out one of them')
    }
    if (flags.events) await this.endsWithReader()
    const { Campaign } = await import('../cli/campaign.ts')
    const limits = this.limits(0)
    const options = { ...ownershipOptions(flags), limits, interrupts: this.interrupts, command }
    const namespace = await this.within(limits, async (opened) => opened)
    const campaign = new Campaign(namespace, name, {
      ...options,
      id: flags.id ?? `${hostname()}-${process.pid}`,
      again: flags.again,
      events: flags.events,
      environment: this.childEnvironment(namespace, name),
    })
    process.exitCode = await campaign.run()
  }
}
