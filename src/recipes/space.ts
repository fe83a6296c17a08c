import type { Backend } from '../backends/backend.ts'
import { checkGroup, checkKey, type Kind } from './keys.ts'

/** A namespace in a store: what every recipe works on. */
export interface Space {
  readonly backend: Backend
  readonly namespace: string
  /** Whose request it is used for, in a server. */
  readonly client?: string | undefined
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
