/** A scope is one key, or, with a trailing slash, all keys below that prefix. */
export const isPrefix = (scope: string): boolean => scope.endsWith('/')

/** Whether a key, or every key of a narrower scope, lies within a scope. */
export const covers = (scope: string, key: string): boolean =>
  isPrefix(scope) ? key.startsWith(scope) : key === scope

/** All prefixes that a key lies below: for `a/b/c` they are `a/` and `a/b/`. */
export const prefixesOf = (key: string): string[] => {
  const prefixes: string[] = []
  for (let at = key.indexOf('/'); at !== -1; at = key.indexOf('/', at + 1)) {
    prefixes.push(key.slice(0, at + 1))
  }
  return prefixes
}

/** The order of keys in every store: by UTF-8 bytes. */
export const compareKeys = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(a), Buffer.from(b))
