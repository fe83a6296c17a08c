import { type Candidate, type Leadership, watchCandidates } from '../recipes/election.ts'
import type { Space } from '../recipes/space.ts'
import { printResult } from './output.ts'

/** Prints what happens in an election, as one of its candidates sees it: a line of JSON each. */
export class ElectionEvents {
  readonly #space: Space
  readonly #name: string
  readonly #id: string
  #own: string | undefined
  /** By key, the leader first. */
  #candidates: ReadonlyMap<string, Candidate> = new Map()
  /** The key of whom it was told last that it is followed. */
  #followed: string | undefined

  constructor(space: Space, name: string, id: string) {
    this.#space = space
    this.#name = name
    this.#id = id
  }

  /** Follows the election until the signal aborts; then rejects with its reason. */
  async follow(signal: AbortSignal): Promise<never> {
    for await (const candidates of watchCandidates(this.#space, this.#name, signal)) {
      await this.#update(new Map(candidates.map((candidate) => [candidate.key, candidate])))
    }
    throw new Error('a watch never ends')
  }

  /** The own candidacy has this key from now on. */
  async campaigns(key: string): Promise<void> {
    this.#own = key
    this.#followed = undefined
    await this.#tellFollowed()
  }

  async elected({ token }: Leadership): Promise<void> {
    this.#followed = this.#own
    await this.#print('elected', this.#id, { leader: this.#id, token })
  }

  async lost(): Promise<void> {
    this.#own = undefined
    await this.#print('lost', this.#id)
  }

  async #update(candidates: ReadonlyMap<string, Candidate>): Promise<void> {
    const before = this.#candidates
    this.#candidates = candidates
    for (const [key, { id }] of before)
      if (key !== this.#own && !candidates.has(key)) await this.#print('peer-leave', id)
    for (const [key, { id }] of candidates)
      if (key !== this.#own && !before.has(key)) await this.#print('peer-join', id)
    await this.#tellFollowed()
  }

  async #tellFollowed(): Promise<void> {
    const [first] = this.#candidates.keys()
    if (this.#own === undefined || !this.#candidates.has(this.#own)) return
    if (first === this.#own || first === this.#followed) return
    this.#followed = first
    await this.#print('follower', this.#id)
  }

  #print(event: string, id: string, more: object = {}): Promise<void> {
    const [first] = this.#candidates.values()
    const others = [...this.#candidates.values()].filter(({ key }) => key !== this.#own)
    const peers = others.map((candidate) => candidate.id)
    return printLine({ event, id, leader: first?.id ?? null, ...more, peers })
  }
}

const printLine = (json: object): Promise<void> => printResult(JSON.stringify(json), json)
