interface Collection<K> {
  readonly size: number
  keys(): Iterable<K>
  delete(key: K): unknown
}

/** Forgets the oldest of a set or map, so that no more than so many stay. What is to count as new is deleted and added. */
export const keepNewest = <K>(collection: Collection<K>, most: number): void => {
  for (const oldest of collection.keys()) {
    if (collection.size <= most) return
    collection.delete(oldest)
  }
}
