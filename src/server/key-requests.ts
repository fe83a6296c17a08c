import type { Description } from './described.ts'
import { count, duration, named, text, words } from './parameters.ts'

const about = {
  tag: 'keys',
  scope: 'signal' as const,
  path: { key: 'Such as db or deploy/node1; of a group deploy/.' },
}

const signals = {
  ...about,
  summary: 'Signals a key.',
  parameters: {
    state: text('The state to set. Default: ready.'),
    expire: duration('Lets it go by itself after this. 0: never.'),
    ...named,
  },
}

/** What can be done with a key. */
export const KEY_REQUESTS = {
  GET: {
    ...about,
    scope: 'read',
    summary: 'Waits until a key is signalled, or a group is ready.',
    parameters: {
      timeout: duration('Waits no longer than this, then 404. 0: no limit.'),
      state: words('The accepted states, separated by commas; * is any. Default: ready.'),
      'fail-state': words('States that end the wait at once with 409, separated by commas.'),
      min: count('Of a group: at least so many members. Default: 1.', 0),
      ready: count('Of a group: so many accepted members, whatever the others.', 0),
      ...named,
    },
  },
  PUT: signals,
  POST: signals,
  DELETE: { ...about, summary: 'Clears a key, also one that is not there.', parameters: named },
} satisfies Record<string, Description>
