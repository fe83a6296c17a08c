import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { optional, parseCount } from '../base/values.ts'
import { Preparation } from '../child/preparation.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { ownershipFlags, ownershipOptions } from '../cli/flags/ownership-flags.ts'
import { invocation } from '../cli/invocation.ts'
import { showingHolder } from '../cli/output/holder-line.ts'
import { note, printResult } from '../cli/output/print.ts'
import { noteRaisedTtl, noteRemains, releaseWithin, runHeld, stayHeld } from '../cli/run-held.ts'
import { checkKey } from '../recipes/core/keys.ts'
import { Lock } from '../recipes/lock.ts'

export default class LockCommand extends RdvCommand {
  static override summary =
    'Holds a lock while COMMAND runs. Waiters get the lock in the order of their arrival.'
  static override description =
    `Without COMMAND, it prints KEY TOKEN and holds the lock until it is interrupted.
COMMAND gets RDV_LOCK_KEY and RDV_FENCING_TOKEN, which increases with each holder. If the lock is lost, COMMAND is ended and the exit code is 121.
With --slots N, the lock has up to N holders. All processes must give the same N; otherwise the exit code is 123.`
  static override usage = 'lock NAME [FLAGS] [-- COMMAND…]'
  static override examples = [
    '<%= config.bin %> lock deploy -- ./deploy',
    '<%= config.bin %> lock restart --slots 2 --timeout 10m -- ./restart',
    `<%= config.bin %> lock backup --try --exit-codes no=75 -- ./backup; [ $? -ne 75 ] || echo 'another backup runs'`,
  ]
  static override args = {
    name: Args.string({
      description: 'Name of the lock, such as deploy.',
      required: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    slots: Flags.string({ summary: 'Maximum number of holders. Default: 1.', helpValue: 'N' }),
    ...ownershipFlags,
  }

  protected override readonly takesCommand = true
  readonly #preparation = new Preparation()

  async run(): Promise<void> {
    const { args, flags } = await this.begin(LockCommand)
    const name = checkKey(args.name, 'lock')
    const slots = optional(flags.slots, (text) => parseCount(text, '--slots', 1))
    const options = ownershipOptions(flags)
    const { command } = invocation
    const onWaiting = () => command && this.#preparation.begin(command)
    const told = { onWaiting, onTrouble: note }
    const lock = await showingHolder(name, (onHolder) =>
      this.within(this.limits(0), (namespace, { signal }) =>
        Lock.acquire(namespace, name, { ...options, ...told, onHolder, slots, signal }),
      ),
    )
    noteRaisedTtl(options.ttl, lock.ttl)
    try {
      if (command) process.exitCode = await this.#run(name, lock, command)
      else await this.#stay(name, lock)
    } finally {
      await releaseWithin(lock, this.interrupts, (signal) => lock.release(signal))
      noteRemains(name, lock)
    }
  }

  protected override async finish(): Promise<void> {
    await this.#preparation.discard()
    await super.finish()
  }

  async #run(name: string, lock: Lock, command: readonly string[]): Promise<number> {
    const environment = {
      ...this.childEnvironment(await this.namespace({}), name),
      RDV_LOCK_KEY: lock.key,
      RDV_FENCING_TOKEN: String(lock.token),
    }
    const { interrupts } = this
    const preparation = this.#preparation
    const onEnd = () => void releaseWithin(lock, interrupts, (signal) => lock.release(signal))
    return runHeld(command, lock, { interrupts, environment, preparation, onEnd })
  }

  async #stay(name: string, lock: Lock): Promise<never> {
    const { key, token } = lock
    await printResult(`${key} ${token}`, { ok: true, name, key, token: String(token) })
    return stayHeld(lock, this.interrupts)
  }
}
