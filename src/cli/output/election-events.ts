import type { Namespace } from '../../recipes/core/namespace.ts'
import { type Candidate, type Leadership, watchCandidates } from '../../recipes/election.ts'
import { printResult } from './print.ts'

/** Prints the events of an election, as one of its candidates sees them, as lines of JSON. */
export class ElectionEvents {
  readonly #namespace: Namespace
  readonly #name: string
  readonly #id: string
  /** The key of the own candidacy. */
  #own: string | undefined
  /** The keys of all own candidacies. The watch may still report the removal of earlier ones. */
  readonly #ours = new Set<string>()
  /** All candidates by key, the leader first. */
  #candidates: ReadonlyMap<string, Candidate> = new Map()
  /** The key of the leader in the last `follower` event. */
  #followed: string | undefined
  /** Whether this candidate leads. The watch may still report the previous leader. */
  #leads = false

  constructor(namespace: Namespace, name: string, id: string) {
    this.#namespace = namespace
    this.#name = name
    this.#id = id
  }

  /** Follows the election until the signal aborts; then rejects with its reason. */
  async follow(signal: AbortSignal): Promise<never> {
    for await (const candidates of watchCandidates(this.#namespace, this.#name, signal)) {
      await this.#update(new Map(candidates.map((candidate) => [candidate.key, candidate])))
    }
    throw new Error('a watch never ends')
  }

  /** Call it before the own candidacy enters the queue with this key. */
  enters(key: string): void {
    this.#own = key
    this.#ours.add(key)
    this.#followed = undefined
  }

  async elected({ token }: Leadership): Promise<void> {
    this.#leads = true
    await this.#print('elected', this.#id, {
      leader: this.#id,
      token: String(token),
    })
  }

  async lost(): Promise<void> {
    this.#own = undefined
    this.#leads = false
    await this.#print('lost', this.#id)
  }

  async #update(candidates: ReadonlyMap<string, Candidate>): Promise<void> {
    const before = this.#candidates
    this.#candidates = candidates
    for (const [key, { id }] of before)
      if (!this.#ours.has(key) && !candidates.has(key)) await this.#print('peer-leave', id)
    for (const [key, { id }] of candidates)
      if (!this.#ours.has(key) && !before.has(key)) await this.#print('peer-join', id)
    await this.#tellFollowed()
  }

  async #tellFollowed(): Promise<void> {
    const [first] = this.#candidates.keys()
    if (this.#leads || this.#own === undefined || !this.#candidates.has(this.#own)) return
    if (first === this.#own || first === this.#followed) return
    this.#followed = first
    await this.#print('follower', this.#id)
  }

  #print(event: string, id: string, more: object = {}): Promise<void> {
    const [first] = this.#candidates.values()
    const others = [...this.#candidates.values()].filter(({ key }) => !this.#ours.has(key))
    const peers = others.map((candidate) => candidate.id)
    return printLine({ ok: true, event, id, leader: first?.id ?? null, ...more, peers })
  }
}

const printLine = (json: object): Promise<void> => printResult(JSON.stringify(json), json)
