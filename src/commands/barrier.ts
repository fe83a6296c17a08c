import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { optional, parseCount, parsePositiveDuration } from '../base/values.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { patientFlags, ttlFlag } from '../cli/flags/global-flags.ts'
import { invocation } from '../cli/invocation.ts'
import { note, printResult } from '../cli/output/print.ts'
import { waiting } from '../cli/waiting.ts'
import { barrier } from '../recipes/barrier/barrier.ts'
import { checkKey } from '../recipes/core/keys.ts'

export default class BarrierCommand extends RdvCommand {
  static override summary =
    'Waits until N parties have arrived, and gives each party its arrival index.'
  static override description =
    `Prints the arrival index (0 to N-1), or replaces itself with COMMAND, which gets the index in RDV_BARRIER_INDEX.
A party that dies or gives up while it waits is not counted. After the parties have met, the barrier can be used again.
All parties must give the same N; otherwise the exit code is 123.`
  static override usage = 'barrier NAME --parties N [FLAGS] [-- COMMAND…]'
  static override examples = [
    '<%= config.bin %> barrier start --parties 3 -- ./load-test',
    'if [ "$(<%= config.bin %> barrier migrate --parties 3)" = 0 ]; then ./migrate; fi',
  ]
  static override args = {
    name: Args.string({
      description: 'Name of the barrier, such as start.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    ...patientFlags,
    parties: Flags.string({
      summary: 'Number of parties that meet at the barrier.',
      required: true,
      helpValue: 'N',
    }),
    ...ttlFlag,
  }

  protected override readonly takesCommand = true

  async run(): Promise<void> {
    const { args, flags } = await this.begin(BarrierCommand)
    const name = checkKey(args.name, 'barrier')
    const parties = parseCount(flags.parties, '--parties', 1)
    const ttl = optional(flags.ttl, parsePositiveDuration('--ttl'))
    const index = await this.#meet(name, parties, ttl)
    // The party may have been released and interrupted at the same time.
    this.interrupts.signal.throwIfAborted()
    if (invocation.command) {
      process.env.RDV_BARRIER_INDEX = String(index)
      await this.become(invocation.command)
    }
    await printResult(String(index), { ok: true, name, parties, index })
  }

  #meet(name: string, parties: number, ttl: number | undefined): Promise<number> {
    const open = (signal: AbortSignal) => this.namespace({ signal })
    return waiting(open, (progress) =>
      this.within(this.limits(0), (namespace, { signal }) =>
        barrier(namespace, name, parties, { ttl, signal, progress, onTrouble: note }),
      ),
    )
  }
}
