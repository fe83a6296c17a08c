import type { Description } from './described.ts'
import { count, duration, length, text } from './parameters.ts'

const about = {
  tag: 'keys',
  scope: 'signal' as const,
  path: { key: 'Such as db or deploy/node1; of a group deploy/.' },
}

const signals: Description = {
  ...about,
  summary: 'Signals a key. The body is ignored.',
  parameters: {
    state: text('The state to set. Default: ready.'),
    expire: length('Lets it go by itself after this.'),
  },
}

/** What can be done with a key. Parameters that are none are ignored, as web-rendezvous ignored all. */
export const KEY_REQUESTS = {
  GET: {
    ...about,
    scope: 'read',
    summary: 'Waits until a key is signalled, or a group is ready.',
    parameters: {
      timeout: duration('Waits no longer than this, then 404. 0: no limit.'),
      state: text('The accepted states, separated by commas; * is any. Default: ready.'),
      'fail-state': text('States that end the wait at once with 409, separated by commas.'),
      min: count('Of a group: at least so many members. Default: 1.', 0),
      ready: count('Of a group: so many accepted members, whatever the others.', 0),
    },
  },
  PUT: signals,
  POST: signals,
  DELETE: { ...about, summary: 'Clears a key, also one that is not there.' },
} satisfies Record<string, Description>
