import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { parseDuration } from '../base/duration.ts'
import { UsageError } from '../base/errors.ts'
import { optional, parsePositiveDuration } from '../base/values.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { graceFlag, timeoutFlag, ttlFlag } from '../cli/flags/global-flags.ts'
import { invocation } from '../cli/invocation.ts'
import { note, printResult } from '../cli/output/print.ts'
import { withDeadline } from '../recipes/core/deadline.ts'
import { checkState } from '../recipes/core/keys.ts'
import { checkSignalKey } from '../recipes/core/signal-key.ts'
import { READY, signal } from '../recipes/signal.ts'

export default class Signal extends RdvCommand {
  static override summary =
    'Sets the state of a key and wakes its waiters. The state stays after this process ends.'
  static override description =
    `With --hold, the key is held while this process or COMMAND lives, and is then removed.
With --hold or --expire, if another live session holds the key, the key stays unchanged and the exit code is 1.
COMMAND, --states-from, --on-success, --on-failure, --on-loss, --ttl and --grace require --hold.`
  static override usage = 'signal KEY [STATE] [FLAGS] [-- COMMAND…]'
  static override examples = [
    '<%= config.bin %> signal db migrated',
    '<%= config.bin %> signal deploy/$HOSTNAME --hold -- ./server',
    '<%= config.bin %> signal deploy/$HOSTNAME busy --hold --on-success ready --on-failure failed -- ./deploy',
    './states | <%= config.bin %> signal deploy/$HOSTNAME starting --hold --states-from -',
  ]
  static override args = {
    key: Args.string({
      description: 'Name of the key, such as db or deploy/node1.',
      required: true,
      ignoreStdin: true,
    }),
    state: Args.string({ description: 'State to set. Default: ready.', ignoreStdin: true }),
  }
  static override flags = {
    ...timeoutFlag('setting and releasing the key', '10s'),
    expire: Flags.string({
      summary: 'Time after which the key is removed, such as 30s. Default: never.',
      exclusive: ['hold'],
      helpValue: 'DURATION',
    }),
    hold: Flags.boolean({ summary: 'Holds the key while this process or COMMAND lives.' }),
    'states-from': Flags.string({
      summary: 'Sets the state to each line of stdin. The key is released at the end of stdin.',
      options: ['-'],
      helpValue: '-',
    }),
    'on-success': Flags.string({
      summary: 'State that remains when COMMAND has succeeded. Default: the key is removed.',
      helpValue: 'STATE',
    }),
    'on-failure': Flags.string({
      summary: 'State that remains when COMMAND has failed. Default: the key is removed.',
      helpValue: 'STATE',
    }),
    'on-loss': Flags.string({
      summary:
        'Action when the session is lost. rejoin holds the key again; stop ends COMMAND and exits with 121. Default: rejoin.',
      options: ['rejoin', 'stop'],
    }),
    ...ttlFlag,
    ...graceFlag,
  }

  protected override readonly takesCommand = true

  async run(): Promise<void> {
    const { args, flags } = await this.begin(Signal)
    const { key, state = READY } = args
    await checkSignalKey(key)
    checkState(state)
    if (flags.hold) return this.#hold(key, state, flags)
    refuseHoldFlags(flags)
    const expire = optional(flags.expire, parsePositiveDuration('--expire'))
    const { expires } = await this.within(this.limits(), (namespace, call) =>
      signal(namespace, key, state, { ...call, expire }),
    )
    if (expires !== undefined && expires !== expire)
      note(`the key expires after ${expires / 1000} s, the minimum of this store`)
    await printResult(undefined, {
      ok: true,
      key,
      state,
      ...(expires && { expires: expires / 1000 }),
    })
  }

  async #hold(key: string, state: string, flags: HoldFlags): Promise<void> {
    const plan = planHold(flags)
    const limits = this.limits()
    const namespace = await withDeadline(limits, (signal) => this.namespace({ signal }))
    const { holdKey } = await import('../cli/hold-key.ts')
    process.exitCode = await holdKey(namespace, key, state, {
      ...plan,
      limits,
      interrupts: this.interrupts,
      command: invocation.command,
      environment: this.childEnvironment(namespace, key),
    })
  }
}

interface HoldFlags {
  readonly 'states-from'?: string | undefined
  readonly 'on-success'?: string | undefined
  readonly 'on-failure'?: string | undefined
  readonly 'on-loss'?: string | undefined
  readonly ttl?: string | undefined
  readonly grace?: string | undefined
}

const planHold = (flags: HoldFlags) => {
  const statesFromStdin = flags['states-from'] !== undefined
  const command = invocation.command !== undefined
  if (statesFromStdin && command) {
    throw new UsageError('--states-from and COMMAND both read stdin: leave out one of them')
  }
  if (flags['on-success'] !== undefined && !command && !statesFromStdin) {
    throw new UsageError('--on-success needs a COMMAND: write -- COMMAND')
  }
  if (flags['on-failure'] !== undefined && !command) {
    throw new UsageError('--on-failure needs a COMMAND: write -- COMMAND')
  }
  return {
    statesFromStdin,
    onSuccess: optional(flags['on-success'], checkState),
    onFailure: optional(flags['on-failure'], checkState),
    stopOnLoss: flags['on-loss'] === 'stop',
    ttl: optional(flags.ttl, parsePositiveDuration('--ttl')),
    grace: optional(flags.grace, (text) => parseDuration(text, '--grace')),
  }
}

const refuseHoldFlags = (flags: HoldFlags): void => {
  const names = ['states-from', 'on-success', 'on-failure', 'on-loss', 'ttl', 'grace'] as const
  const stray = names.find((name) => flags[name] !== undefined)
  if (stray) throw new UsageError(`--${stray} needs --hold: add --hold, or leave out --${stray}`)
  if (invocation.command)
    throw new UsageError('COMMAND needs --hold: add --hold, or leave out -- COMMAND')
}
