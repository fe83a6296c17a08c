import type { RouteDescription } from './openapi.ts'
import { count, duration, named, text, words } from './parameters.ts'

const about = {
  tag: 'keys',
  scope: 'signal' as const,
  path: { key: 'Name of a key, such as db or deploy/node1, or of a group, such as deploy/.' },
}

const signals = {
  ...about,
  summary: 'Signals a key.',
  parameters: {
    state: text('State to set. Default: ready.'),
    expire: duration('Removes the key after this time. 0: never.'),
    ...named,
  },
}

/** The requests that a key takes. */
export const KEY_REQUESTS = {
  GET: {
    ...about,
    scope: 'read',
    summary: 'Waits until a key is signalled, or a group is ready.',
    parameters: {
      timeout: duration('Time limit for the wait, after which the answer is 404. 0: no limit.'),
      state: words('Accepted states, separated by commas; * accepts any state. Default: ready.'),
      'fail-state': words('States, separated by commas, that end the wait at once with 409.'),
      min: count(
        'Minimum number of members of a group, all of which must be accepted. Default: 1.',
        0,
      ),
      ready: count(
        'Number of accepted members that a group needs, regardless of its other members.',
        0,
      ),
      ...named,
    },
  },
  PUT: signals,
  POST: signals,
  DELETE: {
    ...about,
    summary: 'Clears a key. A key that does not exist is not an error.',
    parameters: named,
  },
} satisfies Record<string, RouteDescription>
