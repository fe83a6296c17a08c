import type { Namespace } from '../../recipes/core/namespace.ts'
import { type Candidate, type Leadership, watchCandidates } from '../../recipes/election.ts'
import { printResult } from './print.ts'

/** Prints what happens in an election, as one of its candidates sees it: a line of JSON each. */
export class ElectionEvents {
  readonly #namespace: Namespace
  readonly #name: string
  readonly #id: string
  /** The own candidacy's. */
  #own: string | undefined
  /** Of all own candidacies: those of before may still be seen to go. */
  readonly #ours = new Set<string>()
  /** By key, the leader first. */
  #candidates: ReadonlyMap<string, Candidate> = new Map()
  /** The key of whom it was told last that it is followed. */
  #followed: string | undefined
  /** What the watch tells of the leader before it may come later. */
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

  /** The own candidacy will have this key. */
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
