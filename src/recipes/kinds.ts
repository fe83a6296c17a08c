/** The properties of a kind of keys that other parts of the program use. */
interface KindTraits {
  /** `clear --all` removes keys of this kind. */
  readonly clearable: boolean
  /** `status` lists keys of this kind. */
  readonly shown?: true
  /** Keys of this kind may belong to waiting sessions; `countQueued` counts them. */
  readonly queued?: true
  /** Its table on the server's page. Absent if it has none. */
  readonly panel?: {
    /** Whether the table shows ordered members or a value. */
    readonly of: 'members' | 'value'
    readonly title: string
    readonly caption: string
  }
}

const members = (title: string, caption: string) => ({ of: 'members', title, caption }) as const
const value = (title: string, caption: string) => ({ of: 'value', title, caption }) as const

/**
 * All kinds of keys. The kind is the second segment of a key. A new recipe adds its kinds here. The order is that of
 * the tables on the page.
 */
const KIND_TRAITS = {
  lock: {
    clearable: true,
    shown: true,
    queued: true,
    panel: members('Locks', 'Locks, their holders, and their queues'),
  },
  election: {
    clearable: true,
    shown: true,
    queued: true,
    panel: members('Leaders', 'Elections, their leaders, and their candidates'),
  },
  barrier: {
    clearable: true,
    shown: true,
    queued: true,
    panel: members('Barriers', 'Barriers, and the parties that wait'),
  },
  once: {
    clearable: true,
    shown: true,
    queued: true,
    panel: members('Once', 'Steps that run once, and their processes'),
  },
  pipe: {
    clearable: true,
    shown: true,
    panel: members('Pipes', 'Pipes, their senders and receivers'),
  },
  signal: {
    clearable: true,
    shown: true,
    panel: members('Held keys', 'Keys that a process holds or that expire'),
  },
  counter: {
    clearable: true,
    shown: true,
    panel: value('Counters', 'Counters and their values'),
  },
  'counter-op': { clearable: true },
  waitgroup: {
    clearable: true,
    shown: true,
    panel: value('Wait groups', 'Wait groups and their pending work'),
  },
  'waitgroup-op': { clearable: true },
  topic: { clearable: true },
  waiter: { clearable: true, shown: true },
  // Only its holder may end a session. The keys of ids keep the ids unique.
  session: { clearable: false },
  id: { clearable: false },
} as const satisfies Readonly<Record<string, KindTraits>>

export type Kind = keyof typeof KIND_TRAITS

/** The kinds with a trait. */
type With<T extends keyof KindTraits> = {
  [K in Kind]: (typeof KIND_TRAITS)[K] extends Record<T, object | true> ? K : never
}[Kind]

/** The kinds that `status` lists. */
export type ShownKind = With<'shown'>

export const KINDS = Object.keys(KIND_TRAITS) as readonly Kind[]

export const traitsOf = (kind: Kind): KindTraits => KIND_TRAITS[kind]
