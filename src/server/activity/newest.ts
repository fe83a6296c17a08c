/** Keeps the newest items, at most `capacity`. */
export class Newest<T> {
  readonly #capacity: number
  readonly #items: T[] = []
  /** The index of the oldest item once the capacity is reached. */
  #first = 0

  constructor(capacity: number) {
    this.#capacity = capacity
  }

  add(item: T): void {
    if (this.#items.length < this.#capacity) {
      this.#items.push(item)
      return
    }
    this.#items[this.#first] = item
    this.#first = (this.#first + 1) % this.#capacity
  }

  /** Oldest first. */
  get all(): T[] {
    return [...this.#items.slice(this.#first), ...this.#items.slice(0, this.#first)]
  }

  /** Newest first. */
  *backwards(): Generator<T> {
    const { length } = this.#items
    for (let i = length - 1; i >= 0; i--) yield this.#items[(this.#first + i) % length] as T
  }
}
