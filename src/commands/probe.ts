import * as Args from '@oclif/core/args'
import { RdvCommand } from '../cli/base-command.ts'
import { timeoutFlag } from '../cli/flags/global-flags.ts'
import { probeFlags, probeOptions } from '../cli/flags/probe-flags.ts'
import { invocation } from '../cli/invocation.ts'
import { printResult } from '../cli/output/print.ts'
import { WaitProgress } from '../cli/output/progress.ts'
import { reportCommands } from '../cli/output/report-commands.ts'
import { openProbe } from '../probes/open.ts'
import { numberCommands } from '../recipes/wait/number-commands.ts'
import { probeCondition } from '../recipes/wait/probe-condition.ts'
import { waitFor } from '../recipes/wait/wait.ts'

/** The time limit of a check without --timeout, in milliseconds. */
const ONE_CHECK = 10_000

export default class Probe extends RdvCommand {
  static override summary = 'Checks whether targets are up, for example in a health check.'
  static override description = `Exit code 0: all targets are up. Exit code 1: a target is down.
Without --timeout, it checks each target once. With --timeout, it checks until all targets are up.
When all targets are up, it replaces itself with COMMAND.
URL is tcp://HOST:PORT, http(s)://…, postgres://…, redis://…, unix:///PATH, file:///PATH, dns://NAME or exec:COMMAND.`
  static override usage = 'probe URL… [FLAGS] [-- COMMAND…]'
  static override examples = [
    '<%= config.bin %> probe http://localhost:8080/health',
    '<%= config.bin %> probe postgres://app@db/app --timeout 1m -- ./server',
  ]
  static override args = {
    url: Args.string({
      description: 'URL of a target to check.',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    ...timeoutFlag('repeated checks', 'one check of at most 10s'),
    ...probeFlags,
  }

  protected override readonly takesCommand = true

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Probe)
    const options = await probeOptions(flags)
    const conditions = numberCommands(
      args.url.map((url) => probeCondition(openProbe(url, options))),
    )
    reportCommands(args.url)
    const progress = new WaitProgress()
    try {
      await waitFor(conditions, {
        ...this.limits(ONE_CHECK),
        once: flags.timeout === undefined,
        progress: (state) => progress.update(state),
      })
    } finally {
      progress[Symbol.dispose]()
    }
    if (invocation.command) {
      await this.become(invocation.command)
    }
    await printResult(undefined, { ok: true, urls: conditions.map(({ target }) => target) })
  }
}
