import type { Entry } from '../../backends/backend.ts'
import { compareKeys } from '../../backends/watch/scope.ts'
import { type Namespace, nameIn, prefixIn } from '../core/namespace.ts'
import { retryUntilAvailable } from '../core/retry.ts'
import { readHead } from '../topic/head.ts'
import type { StatusRow } from './row.ts'

/** Greater than or equal to the number of any page, so the keys after it are not pages. */
const BEHIND_PAGES = '999999999999'

/**
 * Topics, with the numbers of their messages. The listing skips from head to head, because a topic may have very many
 * messages.
 */
export const topicRows = async (
  namespace: Namespace,
  signal?: AbortSignal,
): Promise<StatusRow[]> => {
  const prefix = prefixIn(namespace, 'topic')
  const rows: StatusRow[] = []
  let after: string | undefined
  for (;;) {
    const from = after
    const read = () => namespace.backend.list(prefix, { after: from, limit: 1, signal })
    const [entry] = (await retryUntilAvailable({ signal }, read)).entries
    if (!entry) return rows.sort((a, b) => compareKeys(a.name, b.name))
    const [, topic, last] = /^(.+)\/([^/]+)$/.exec(entry.key) ?? []
    if (topic && last === 'head') rows.push(rowOf(namespace, topic, entry))
    after = topic && /^\d{12}$/.test(last ?? '') ? `${topic}/${BEHIND_PAGES}` : entry.key
  }
}

const rowOf = (namespace: Namespace, key: string, entry: Entry): StatusRow => ({
  kind: 'topic',
  name: nameIn(namespace, 'topic', key),
  state: describe(entry),
})

const describe = (entry: Entry): string => {
  try {
    const { first, next } = readHead(entry).head
    return next === first ? 'no messages' : `messages ${first} to ${next - 1}`
  } catch {
    return 'not a topic'
  }
}
