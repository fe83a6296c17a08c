import { LostError } from '../base/errors.ts'
import { Preparation } from '../child/preparation.ts'
import { type Limits, withDeadline } from '../recipes/core/deadline.ts'
import type { Namespace } from '../recipes/core/namespace.ts'
import { Leadership } from '../recipes/election.ts'
import type { Interrupts } from './interrupts.ts'
import { ElectionEvents } from './output/election-events.ts'
import { showingHolder } from './output/holder-line.ts'
import { note, printResult } from './output/print.ts'
import { noteRaisedTtl, noteRemains, releaseWithin, runHeld, stayHeld } from './run-held.ts'

interface CampaignOptions {
  readonly id: string
  readonly try: boolean
  readonly again: boolean
  readonly events: boolean
  readonly ttl: number | undefined
  readonly grace: number | undefined
  /** The limits of each wait for the leadership. */
  readonly limits: Limits
  readonly interrupts: Interrupts
  readonly command: readonly string[] | undefined
  readonly environment: Readonly<Record<string, string>>
}

/** Campaigns, and leads while COMMAND runs. Without COMMAND, leads until it is interrupted. */
export class Campaign {
  readonly #namespace: Namespace
  readonly #name: string
  readonly #options: CampaignOptions
  readonly #events: ElectionEvents | undefined
  readonly #ended = new AbortController()
  readonly #preparation = new Preparation()
  #limits: Limits

  constructor(namespace: Namespace, name: string, options: CampaignOptions) {
    this.#namespace = namespace
    this.#name = name
    this.#options = options
    this.#limits = options.limits
    this.#events = options.events ? new ElectionEvents(namespace, name, options.id) : undefined
  }

  /** Resolves to the exit code of COMMAND. */
  async run(): Promise<number> {
    const following = this.#events?.follow(this.#ended.signal)
    // If the store refuses the watch, the campaign fails for the same reason and reports it.
    const followed = following?.catch(() => {})
    try {
      return await this.#campaign()
    } finally {
      this.#ended.abort()
      await this.#preparation.discard()
      await followed
    }
  }

  async #campaign(): Promise<number> {
    for (;;) {
      const leadership = await this.#elected()
      try {
        return await this.#lead(leadership)
      } catch (error) {
        await this.#stopOnLoss(error)
      } finally {
        await releaseWithin(leadership, this.#options.interrupts, (signal) =>
          leadership.resign(signal),
        )
        noteRemains(this.#name, leadership)
      }
    }
  }

  async #elected(): Promise<Leadership> {
    const { id, try: once, ttl, grace } = this.#options
    const onEntering = (key: string) => this.#events?.enters(key)
    const { command } = this.#options
    const onWaiting = () => command && this.#preparation.begin(command)
    const limits = this.#limits
    // Each later campaign has the full timeout.
    this.#limits = { ...limits, begun: undefined }
    const leadership = await showingHolder(this.#name, (onHolder) =>
      withDeadline(limits, (signal) =>
        Leadership.campaign(this.#namespace, this.#name, id, {
          ...{ try: once, ttl, grace, signal },
          ...{ onEntering, onWaiting, onHolder, onTrouble: note },
        }),
      ),
    )
    noteRaisedTtl(ttl, leadership.ttl)
    return leadership
  }

  async #lead(leadership: Leadership): Promise<number> {
    const { command, interrupts } = this.#options
    if (command) return this.#run(leadership, command)
    if (this.#events) await this.#events.elected(leadership)
    else await this.#print(leadership)
    return stayHeld(leadership, interrupts)
  }

  #run(leadership: Leadership, command: readonly string[]): Promise<number> {
    const environment = {
      ...this.#options.environment,
      RDV_FENCING_TOKEN: String(leadership.token),
    }
    const { interrupts } = this.#options
    const preparation = this.#preparation
    const onEnd = () =>
      void releaseWithin(leadership, interrupts, (signal) => leadership.resign(signal))
    return runHeld(command, leadership, { interrupts, environment, preparation, onEnd })
  }

  #print({ id, token }: Leadership): Promise<void> {
    return printResult(`${id} ${token}`, {
      ok: true,
      name: this.#name,
      id,
      token: String(token),
    })
  }

  /** @throws the error, unless it is a loss and another campaign follows. */
  async #stopOnLoss(error: unknown): Promise<void> {
    if (!(error instanceof LostError)) throw error
    await this.#events?.lost()
    if (!this.#options.again) throw error
    note(`${error.message}; campaigning again`)
  }
}
