import type { Backend } from '../../backends/backend.ts'
import type { Kind } from '../kinds.ts'
import { checkGroup, checkKey } from './keys.ts'

/** A namespace in a store: what every recipe works on. */
export interface Namespace {
  readonly backend: Backend
  readonly name: string
  /** For whom this process acts; absent where it acts for itself. */
  readonly by?: string | undefined
}

/** The full key of a name: `rdv/signal/deploy/node1`. */
export const keyIn = ({ name: namespace }: Namespace, kind: Kind, name: string): string =>
  `${namespace}/${kind}/${checkKey(name)}`

/** The prefix of a group, `rdv/signal/deploy/`; of all of a kind without one. */
export const prefixIn = ({ name }: Namespace, kind: Kind, group = ''): string =>
  `${name}/${kind}/${group === '' ? '' : checkGroup(group)}`

/** The name in a full key. */
export const nameIn = ({ name }: Namespace, kind: Kind, key: string): string =>
  key.slice(name.length + kind.length + 2)
