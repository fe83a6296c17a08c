import type { Entry } from '../../backends/backend.ts'
import { compareKeys } from '../../backends/scope.ts'
import { whenAvailable } from '../retry.ts'
import { nameIn, prefixIn, type Space } from '../space.ts'
import { readHead } from '../topic/head.ts'
import type { StatusRow } from './row.ts'

/** Longer than any page's number: what comes after it is not one. */
const BEHIND_PAGES = '999999999999'

/** Topics and which messages they have. Goes from head to head: a topic may have very many messages. */
export const topicRows = async (space: Space, signal?: AbortSignal): Promise<StatusRow[]> => {
  const prefix = prefixIn(space, 'topic')
  const rows: StatusRow[] = []
  let after: string | undefined
  for (;;) {
    const from = after
    const read = () => space.backend.list(prefix, { after: from, limit: 1, signal })
    const [entry] = (await whenAvailable({ signal }, read)).entries
    if (!entry) return rows.sort((a, b) => compareKeys(a.name, b.name))
    const [, topic, last] = /^(.+)\/([^/]+)$/.exec(entry.key) ?? []
    if (topic && last === 'head') rows.push(rowOf(space, topic, entry))
    after = topic && /^\d{12}$/.test(last ?? '') ? `${topic}/${BEHIND_PAGES}` : entry.key
  }
}

const rowOf = (space: Space, key: string, entry: Entry): StatusRow => ({
  kind: 'topic',
  name: nameIn(space, 'topic', key),
  state: describe(entry),
})

const describe = (entry: Entry): string => {
  try {
    const { first, next } = readHead(entry).head
    return next === first ? 'no messages' : `messages ${first} to ${next - 1}`
  } catch {
    return 'something else'
  }
}
