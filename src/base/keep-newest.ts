interface Collection<K> {
  readonly size: number
  keys(): Iterable<K>
  delete(key: K): unknown
}

/**
 * Removes the oldest elements of a set or map until at most `most` are left. To renew an element, delete it and add it.
 */
export const keepNewest = <K>(collection: Collection<K>, most: number): void => {
  for (const oldest of collection.keys()) {
    if (collection.size <= most) return
    collection.delete(oldest)
  }
}
