import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { TimeoutError, UsageError } from '../base/errors.ts'
import { optional, parseCount, parseWords } from '../base/values.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { exit } from '../cli/exit.ts'
import { refuseMissingDashes } from '../cli/failure/missing-dashes.ts'
import { explainTimeout } from '../cli/failure/timeout-hints.ts'
import { hintAtTargets, WaitHints } from '../cli/failure/wait-hints.ts'
import { announceFlag, announceOptions, waitingFlags } from '../cli/flags/global-flags.ts'
import { probeFlags, probeOptions } from '../cli/flags/probe-flags.ts'
import { invocation } from '../cli/invocation.ts'
import { printResult } from '../cli/output/print.ts'
import { WaitProgress } from '../cli/output/progress.ts'
import { reportCommands } from '../cli/output/report-commands.ts'
import { targetNames, wait } from '../recipes/wait/wait-targets.ts'

export default class Wait extends RdvCommand {
  static override summary = 'Waits until all targets are ready, then replaces itself with COMMAND.'
  static override description =
    `TARGET is a key (db), a key in a state (db=migrated), a group (deploy/), or the URL of a probe:
tcp://HOST:PORT, http(s)://…, postgres://…, redis://…, unix:///PATH, file:///PATH, dns://NAME or exec:COMMAND.
A key is ready when its state is ready; see --state. A probe is ready when its target is up.
A group is ready when it has at least one member and all its members are ready; see --min and --ready.`
  static override usage = 'wait TARGET… [FLAGS] [-- COMMAND…]'
  static override examples = [
    '<%= config.bin %> wait db -- ./server',
    '<%= config.bin %> wait postgres://app:secret@db/app tcp://cache:6379 --timeout 2m -- ./server',
    '<%= config.bin %> wait deploy/ --min 3 --fail-state failed',
    '<%= config.bin %> wait db=migrated --once',
  ]
  static override args = {
    target: Args.string({
      description: 'Target to wait for.',
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    ...waitingFlags,
    any: Flags.boolean({ summary: 'Waits until one target is ready.', exclusive: ['at-least'] }),
    'at-least': Flags.string({ summary: 'Waits until N targets are ready.', helpValue: 'N' }),
    not: Flags.boolean({ summary: 'Waits until no target is ready.' }),
    once: Flags.boolean({
      summary: 'Checks once and does not wait. If the condition is not met, the exit code is 1.',
    }),
    'fail-if': Flags.string({
      summary: 'Exits with 1 as soon as this target is ready.',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'TARGET',
    }),
    state: Flags.string({
      summary: "Accepted states, separated by commas; '*' accepts any state. Default: ready.",
      helpValue: 'LIST',
    }),
    'fail-state': Flags.string({
      summary: 'Exits with 1 as soon as a key has one of these states, separated by commas.',
      helpValue: 'LIST',
    }),
    min: Flags.string({
      summary: 'Minimum number of members of a group. All members must be ready. Default: 1.',
      helpValue: 'N',
    }),
    ready: Flags.string({
      summary:
        'Minimum number of ready members of a group. Other members may be in any state. Default: all members.',
      exclusive: ['min'],
      helpValue: 'N',
    }),
    ...announceFlag,
    ...probeFlags,
  }

  protected override readonly takesCommand = true

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Wait)
    const targets = args.target
    await refuseMissingDashes(targets)
    const grouping = flags.min !== undefined ? '--min' : flags.ready !== undefined && '--ready'
    if (grouping && !targets.some((target) => target.endsWith('/'))) {
      throw new UsageError(
        `${grouping} applies to groups only: write a group with a trailing slash, such as deploy/`,
      )
    }
    reportCommands([...targets, ...(flags['fail-if'] ?? [])])
    await this.#wait(targets, {
      need: flags.any ? 1 : optional(flags['at-least'], (text) => needed(text, targets.length)),
      not: flags.not,
      once: flags.once,
      failIf: flags['fail-if'],
      states: optional(flags.state, (text) => parseWords(text, '--state')),
      failStates: optional(flags['fail-state'], (text) => parseWords(text, '--fail-state')),
      min: optional(flags.min, (text) => parseCount(text, '--min')),
      ready: optional(flags.ready, (text) => parseCount(text, '--ready', 1)),
      ...announceOptions(flags),
      ...(await probeOptions(flags)),
    })
    if (invocation.command) {
      await this.become(invocation.command)
    }
    await printResult(undefined, {
      ok: true,
      // Computed with --json only, because another process may be waiting for the end of this one.
      get targets() {
        return targetNames(targets)
      },
    })
    // A waiter holds nothing. Closing the store would only delay processes that wait for this one.
    await exit()
  }

  async #wait(targets: readonly string[], options: Parameters<typeof wait>[2]): Promise<void> {
    const open = (signal: AbortSignal) => this.namespace({ signal })
    const progress = new WaitProgress()
    const limits = this.limits(30_000)
    const hints = new WaitHints(open)
    const hinted = hintAtTargets(open, targets, limits)
    try {
      await wait(open, targets, {
        ...options,
        ...limits,
        progress: (state) => {
          progress.update(state)
          hints.update(state)
        },
        // The message about a failure takes the place of the progress.
      }).finally(() => progress[Symbol.dispose]())
    } catch (error) {
      if (error instanceof TimeoutError) {
        await hints.tell()
        await explainTimeout(error, open)
      }
      throw error
    } finally {
      await hinted
      hints[Symbol.dispose]()
    }
  }
}

const needed = (text: string, targets: number): number => {
  const count = parseCount(text, '--at-least', 1)
  if (count > targets)
    throw new UsageError(
      `--at-least ${count} exceeds the number of targets (${targets}): write a smaller number`,
    )
  return count
}
