import { UsageError } from '../../base/errors.ts'
import { checkKey } from '../core/keys.ts'
import { keyIn, type Namespace, nameIn } from '../core/namespace.ts'

// rdv/pipe/DEST               held by the sender
// rdv/pipe/DEST/GROUP/url     tcp://HOST:PORT, held by the sender
// rdv/pipe/DEST/GROUP/member/ID   held by each member
// rdv/pipe/DEST/GROUP/ended   stays: written when a sender has reached the end of its messages

/** Parts with a meaning below a pipe's key. A pipe's name cannot contain them. */
const RESERVED: readonly string[] = ['url', 'member', 'ended']

/**
 * Checks the name of a pipe.
 * @throws UsageError one sentence that says what to write instead.
 */
export const checkPipe = (name: string): string => {
  const stray = checkKey(name, 'pipe')
    .split('/')
    .find((part) => RESERVED.includes(part))
  if (stray)
    throw new UsageError(
      `the pipe ${JSON.stringify(name)} has a part "${stray}": choose another name`,
    )
  return name
}

/**
 * Checks the name of a group of receivers, which is one part of a key.
 * @throws UsageError one sentence that says what to write instead.
 */
export const checkPipeGroup = (name: string): string => {
  if (checkKey(name, 'group').includes('/')) {
    throw new UsageError(`the group ${JSON.stringify(name)} has a slash: leave it out`)
  }
  return name
}

export const pipeKey = (namespace: Namespace, pipe: string): string =>
  keyIn(namespace, 'pipe', pipe)

export const groupPrefix = (namespace: Namespace, pipe: string, group: string): string =>
  `${pipeKey(namespace, pipe)}/${group}/`

export const urlKey = (namespace: Namespace, pipe: string, group: string): string =>
  `${groupPrefix(namespace, pipe, group)}url`

export const endedKey = (namespace: Namespace, pipe: string, group: string): string =>
  `${groupPrefix(namespace, pipe, group)}ended`

export const memberKey = (namespace: Namespace, pipe: string, group: string, id: string): string =>
  `${groupPrefix(namespace, pipe, group)}member/${id}`

/** The meaning of a key below `rdv/pipe/`. */
export interface PipeKey {
  readonly pipe: string
  readonly group?: string
  /** Absent if the key is the sender's own key. */
  readonly part?: 'url' | 'ended' | 'member'
}

/** Reads a key below `rdv/pipe/`. */
export const parsePipeKey = (namespace: Namespace, key: string): PipeKey => {
  const name = nameIn(namespace, 'pipe', key)
  const [, pipe, group, part] =
    /^(.+)\/([^/]+)\/(url|ended|member(?=\/))(?:\/[^/]+)?$/.exec(name) ?? []
  if (pipe === undefined) return { pipe: name }
  return { pipe, group, part: part as PipeKey['part'] }
}
