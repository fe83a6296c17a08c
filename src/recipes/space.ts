import type { Backend } from '../backends/backend.ts'
import { checkGroup, checkKey } from './keys.ts'
import type { Kind } from './kinds.ts'

/** A namespace in a store: what every recipe works on. */
export interface Space {
  readonly backend: Backend
  readonly namespace: string
  /** For whom this process acts; absent where it acts for itself. */
  readonly by?: string | undefined
}

/** The full key of a name: `rdv/signal/deploy/node1`. */
export const keyIn = ({ namespace }: Space, kind: Kind, name: string): string =>
  `${namespace}/${kind}/${checkKey(name)}`

/** The prefix of a group, `rdv/signal/deploy/`; of all of a kind without one. */
export const prefixIn = ({ namespace }: Space, kind: Kind, group = ''): string =>
  `${namespace}/${kind}/${group === '' ? '' : checkGroup(group)}`

/** The name in a full key. */
export const nameIn = ({ namespace }: Space, kind: Kind, key: string): string =>
  key.slice(namespace.length + kind.length + 2)
