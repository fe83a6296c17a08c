import { UnavailableError } from '../../base/errors.ts'
import { describeFailure } from '../../base/reason.ts'
import type { Namespace } from '../core/namespace.ts'
import { follow } from '../core/view.ts'
import { advertised, ownAddress, pipeUrl } from './address.ts'
import { PipeGroup } from './group.ts'
import { parsePipeKey, pipeKey, urlKey } from './names.ts'
import type { Registration } from './registration.ts'
import type { SendOptions } from './send-options.ts'

/** The groups that a sender serves: those that were declared, and those that have members in the store. */
export class SenderGroups {
  readonly #namespace: Namespace
  readonly #pipe: string
  readonly #registration: Registration
  readonly #options: SendOptions
  readonly #groups = new Map<string, PipeGroup>()
  readonly #closing = new AbortController()
  readonly #failed = new AbortController()
  /** Groups are opened and dissolved one after the other. */
  #changing: Promise<void> = Promise.resolve()
  #opened = 0
  #dropped = 0
  #listeners = new Set<() => void>()

  constructor(
    namespace: Namespace,
    pipe: string,
    registration: Registration,
    options: SendOptions,
  ) {
    this.#namespace = namespace
    this.#pipe = pipe
    this.#registration = registration
    this.#options = options
  }

  /** Aborts when the groups can no longer be served. */
  get failed(): AbortSignal {
    return this.#failed.signal
  }

  get all(): readonly PipeGroup[] {
    return [...this.#groups.values()]
  }

  /** The number of dropped messages, counted once for each group. */
  get dropped(): number {
    return this.all.reduce((sum, group) => sum + group.dropped, this.#dropped)
  }

  /** The number of messages that no receiver has taken yet, counted once for each group. */
  get undelivered(): number {
    return this.all.reduce((sum, group) => sum + group.waiting, 0)
  }

  /** Opens the declared groups, and then follows the store. */
  async start(): Promise<void> {
    for (const name of this.#options.groups ?? []) await this.#open(name)
    void this.#follow()
  }

  /** Resolves when there is at least one group, and each group has this many connected receivers. */
  assembled(receivers: number): Promise<void> {
    const isThere = ({ connected }: PipeGroup) => connected >= receivers
    return this.#until(() => this.#groups.size > 0 && this.all.every(isThere))
  }

  /** Whether the next message has to wait: there is no group, or one of them is full. */
  get mustWait(): boolean {
    if (this.#groups.size === 0) return true
    for (const group of this.#groups.values()) if (group.full) return true
    return false
  }

  /** Resolves when the next message does not have to wait. */
  room(): Promise<void> {
    return this.#until(() => !this.mustWait)
  }

  /** Resolves when receivers have taken all messages. */
  flushed(): Promise<void> {
    return this.#until(() => this.all.every((group) => group.waiting === 0))
  }

  /** Puts a message into every group. A full group drops it. */
  put(framed: Buffer): void {
    if (this.#groups.size === 0) this.#dropped++
    for (const group of this.#groups.values()) group.put(framed)
  }

  /** Resolves when all receivers have read everything and have left. */
  async end(): Promise<void> {
    this.#closing.abort()
    await Promise.all(this.all.map((group) => group.end()))
  }

  /** Closes all groups at once. */
  close(): void {
    this.#closing.abort()
    for (const group of this.all) group.close()
  }

  #until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return
        this.#listeners.delete(check)
        resolve()
      }
      this.#listeners.add(check)
      check()
    })
  }

  readonly #changed = (): void => {
    for (const check of this.#listeners) check()
  }

  async #follow(): Promise<void> {
    const scope = `${pipeKey(this.#namespace, this.#pipe)}/`
    const { signal } = this.#closing
    try {
      for await (const view of follow(this.#namespace.backend, scope, signal)) {
        if (view.interrupted) continue
        const keys = [...view.entries.keys()]
        this.#changing = this.#changing.then(() => this.#serve(keys))
        await this.#changing
      }
    } catch (error) {
      if (!signal.aborted) this.#failed.abort(error)
    }
  }

  async #serve(keys: readonly string[]): Promise<void> {
    const inhabited = new Set(keys.flatMap((key) => this.#groupWithMember(key) ?? []))
    for (const name of inhabited) await this.#open(name)
    for (const group of this.all) if (!inhabited.has(group.name)) await this.#dissolve(group)
  }

  #groupWithMember(key: string): string | undefined {
    const { pipe, group, part } = parsePipeKey(this.#namespace, key)
    return pipe === this.#pipe && part === 'member' ? group : undefined
  }

  async #open(name: string): Promise<void> {
    if (this.#groups.has(name)) return
    const group = new PipeGroup(name, this.#changed)
    const url = await this.#listen(group)
    if (this.#closing.signal.aborted) return group.close()
    this.#groups.set(name, group)
    this.#changed()
    await this.#registration.publish(urlKey(this.#namespace, this.#pipe, name), url)
  }

  async #listen(group: PipeGroup): Promise<string> {
    const { listen, advertise } = this.#options
    const host = listen?.host ?? (await ownAddress(this.#namespace))
    const wanted = listen?.port ? listen.port + this.#opened++ : 0
    try {
      const port = await group.listen(host, wanted)
      return pipeUrl(await advertised(this.#namespace, host, advertise), port)
    } catch (cause) {
      const where = wanted ? `port ${wanted} of ${host}` : host
      throw new UnavailableError(`cannot listen on ${where}: ${describeFailure(cause)}`, {
        cause,
        retryable: false,
      })
    }
  }

  /**
   * Removes a group that was not declared and has no members left, and drops its messages. If it is the only group, it
   * is kept: without another group the messages wait anyway, and members may come back.
   */
  async #dissolve(group: PipeGroup): Promise<void> {
    if (this.#groups.size === 1 || this.#options.groups?.includes(group.name)) return
    this.#groups.delete(group.name)
    this.#dropped += group.dropped + group.waiting
    if (group.waiting > 0) {
      this.#options.onTrouble?.(
        `the last member of ${group.name} has left: ${group.waiting} messages for the group were dropped`,
      )
    }
    group.close()
    this.#changed()
    await this.#registration.withdraw(urlKey(this.#namespace, this.#pipe, group.name))
  }
}
