import type { Backend } from '../../backends/backend.ts'
import type { Kind } from '../kinds.ts'
import { checkGroup, checkKey } from './keys.ts'

/** A prefix of keys in a store. Every recipe works on a namespace. */
export interface Namespace {
  readonly backend: Backend
  readonly name: string
  /** The client that this process acts for. Absent if the process acts for itself. */
  readonly by?: string | undefined
}

/** The full key of a name, such as `rdv/signal/deploy/node1`. */
export const keyIn = ({ name: namespace }: Namespace, kind: Kind, name: string): string =>
  `${namespace}/${kind}/${checkKey(name)}`

/** The prefix of a group, such as `rdv/signal/deploy/`. Without a group, the prefix of all keys of the kind. */
export const prefixIn = ({ name }: Namespace, kind: Kind, group = ''): string =>
  `${name}/${kind}/${group === '' ? '' : checkGroup(group)}`

/** The name that a full key contains. */
export const nameIn = ({ name }: Namespace, kind: Kind, key: string): string =>
  key.slice(name.length + kind.length + 2)
