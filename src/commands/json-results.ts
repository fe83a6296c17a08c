import Type, { type TProperties, type TSchema } from 'typebox'
import type { ErrorKind } from '../base/errors.ts'

/*
 * The output of each command with `--json`. No command reads this while it runs: the documentation and the shipped
 * schemas are generated from it, and the tests check each output against it.
 */

/** The kinds of failures that a command can print. */
const ERRORS: Readonly<Record<ErrorKind | 'command' | 'interrupted', true>> = {
  no: true,
  usage: true,
  unavailable: true,
  lost: true,
  indeterminate: true,
  conflict: true,
  timeout: true,
  internal: true,
  command: true,
  interrupted: true,
}

const object = (properties: TProperties, description?: string): TSchema =>
  Type.Object(properties, { additionalProperties: false, ...(description && { description }) })

const success = (properties: TProperties): TSchema =>
  object({ ok: Type.Literal(true), ...properties })

const text = (description: string) => Type.String({ description })
const number = (description: string) => Type.Number({ description })
const optional = (description: string) => Type.Optional(text(description))
const int64 = (description: string) => Type.String({ pattern: '^-?\\d{1,19}$', description })

const name = text('Name, as given.')
const token = int64('Fencing token; it increases with each holder.')
const host = text('Host name.')
const pid = number('Process id on that host.')
const since = text('Start time by the clock of that host (ISO 8601, UTC).')

/** A failure of any command. */
export const FAILURE = object({
  ok: Type.Literal(false),
  error: Type.Enum(Object.keys(ERRORS), { description: 'Kind of failure; see the exit codes.' }),
  message: text('One sentence for people. The wording may change.'),
  exitCode: number('Exit code of the process.'),
  pending: Type.Optional(
    Type.Array(
      object({
        target: text('Target, as given.'),
        reason: text('Reason why the target was not ready.'),
      }),
      {
        description: 'After a timeout of a wait: the targets that were not ready.',
      },
    ),
  ),
  verdict: Type.Optional(Type.Literal('unusable', { description: 'Only for doctor.' })),
})

const session = object(
  {
    kind: Type.Enum(['hold', 'expire'], {
      description:
        'hold: a process keeps the session alive. expire: the session expires by itself.',
    }),
    host,
    pid,
    by: optional('Name of the client for which that process acts.'),
    since,
  },
  'Session that holds the key.',
)

const signal = {
  key: text('Key.'),
  state: text('State of the key.'),
  holder: Type.Optional(session),
}

const statusRow = object({
  kind: text('Recipe: signal, group, lock, election, once, counter, waitgroup, barrier, topic …'),
  name: text('Name of the key or of the recipe’s object.'),
  state: text('State, value or role: holds, waits, 2 of 3 ready …'),
  id: optional('Id of a candidate.'),
  token: Type.Optional(token),
  holder: Type.Optional(
    object(
      {
        kind: optional('hold or expire, as in the output of list.'),
        host,
        pid: Type.Optional(pid),
        by: optional('Name of the client for which that process acts.'),
        since,
      },
      'Holder, waiter or candidate.',
    ),
  ),
})

const counter = success({ name, value: int64('Value of the counter.') })

const waitGroup = success({
  name,
  pending: int64('Amount of work that is not done.'),
  added: int64('Total amount of work that was added.'),
})

const once = Type.Union([
  object({
    ok: Type.Boolean({ description: 'Whether COMMAND succeeded.' }),
    name,
    ran: Type.Literal(true, { description: 'This process ran COMMAND.' }),
    exitCode: number('Exit code of COMMAND.'),
  }),
  success({
    name,
    ran: Type.Literal(false, { description: 'This process did not run COMMAND.' }),
    by: object(
      {
        host: Type.Optional(host),
        pid: Type.Optional(pid),
        at: optional('Time at which COMMAND succeeded (ISO 8601, UTC).'),
      },
      'Process that ran COMMAND.',
    ),
  }),
])

const elected = success({ name, id: text('Id of the candidate.'), token })

const electionEvent = success({
  event: Type.Enum(['elected', 'follower', 'lost', 'peer-join', 'peer-leave'], {
    description: 'Kind of event.',
  }),
  id: text('Id of the candidate that the event is about.'),
  leader: Type.Union([Type.String(), Type.Null()], { description: 'Id of the leader, if any.' }),
  token: Type.Optional(token),
  peers: Type.Array(Type.String(), { description: 'Ids of the other candidates.' }),
})

const message = (more: TProperties = {}): TSchema =>
  Type.Union([
    success({ ...more, message: text('Message that is UTF-8 text.') }),
    success({ ...more, base64: text('Any other message, in base64.') }),
  ])

const traits = object(
  {
    name: text('Name of the store.'),
    reach: Type.Enum(['process', 'machine', 'network'], {
      description:
        'process: only one process can use the store. machine: processes of one machine. network: processes of all machines.',
    }),
    minTtl: number('Minimum TTL, in milliseconds.'),
    maxTtl: number('Maximum TTL, in milliseconds.'),
    defaultTtl: number('Default TTL, in milliseconds.'),
    expiryFactor: number('The session of a dead process ends within this many times its TTL.'),
    seesDeath: Type.Boolean({
      description:
        'Whether the store ends the session of a process on this machine when that process dies.',
    }),
    maxCommitBytes: number('Maximum size of a commit, in bytes.'),
    maxCommitOperations: number('Maximum number of operations in a commit.'),
    waiters: Type.Enum(['known', 'announced'], {
      description: 'known: status lists all waiters. announced: it lists those with --announce.',
    }),
  },
  'Limits and properties of the store.',
)

const list = Type.Union([
  success({ keys: Type.Array(object(signal), { description: 'Keys, in order of their names.' }) }),
  success({
    event: Type.Enum(['join', 'change', 'leave'], { description: 'Kind of change.' }),
    ...signal,
  }),
])

const doctor = object({
  ok: Type.Boolean({ description: 'Whether the store works without warnings.' }),
  verdict: Type.Enum(['fine', 'warnings'], { description: 'Result of the checks.' }),
  address: text('Address of the store, without secrets.'),
  version: text('Name and version of the store.'),
  milliseconds: number('Median time of a read, in milliseconds.'),
  traits,
  outage: Type.Optional(
    number('Longest outage that a session with the default TTL survives, in milliseconds.'),
  ),
  warnings: Type.Array(Type.String(), { description: 'Known problems, one sentence each.' }),
})

const signalled = success({
  key: text('Key.'),
  state: text('State of the key.'),
  expires: Type.Optional(number('Seconds until the key expires.')),
  held: Type.Optional(Type.Literal(true, { description: 'The key is held (with --hold).' })),
})

/** The output of a command with `--json`. */
interface JsonResult {
  /** The schema of each object. */
  readonly schema: TSchema
  /** When the command prints one object per line, for as long as it runs. */
  readonly streams?: 'always' | 'with --watch' | 'with --events' | 'with --count'
  /** stdout belongs to COMMAND, so the object is printed on stderr. */
  readonly onStderr?: true
}

/** By the command's id. If a command runs COMMAND, COMMAND prints all output that is not described here. */
export const JSON_RESULTS: Readonly<Record<string, JsonResult>> = {
  barrier: {
    schema: success({
      name,
      parties: number('Number of parties.'),
      index: number('Arrival index of this party, from 0.'),
    }),
  },
  clear: {
    schema: success({
      cleared: Type.Array(Type.String(), { description: 'Names, as given.' }),
    }),
  },
  completion: { schema: success({ shell: text('Shell.'), script: text('Completion script.') }) },
  'counter:dec': { schema: counter },
  'counter:get': { schema: counter },
  'counter:inc': { schema: counter },
  'counter:set': { schema: counter },
  'counter:wait': { schema: counter },
  doctor: { schema: doctor },
  elect: { schema: Type.Union([elected, electionEvent]), streams: 'with --events' },
  get: { schema: success({ key: text('Key.'), state: text('State of the key.') }) },
  id: { schema: success({ id: int64('Unique id.') }), streams: 'with --count' },
  leader: {
    schema: success({
      name,
      leader: Type.Union([Type.String(), Type.Null()], {
        description: 'Id of the leader; null while there is none.',
      }),
      token: Type.Optional(token),
    }),
    streams: 'with --watch',
  },
  list: { schema: list, streams: 'with --watch' },
  lock: {
    schema: success({ name, key: text('Key of the holder in the store.'), token }),
  },
  once: { schema: once, onStderr: true },
  'pipe:receive': { schema: message(), streams: 'always' },
  'pipe:send': {
    schema: success({
      pipe: text('Name or address of the pipe.'),
      sent: number('Number of messages that were sent.'),
      dropped: number('Number of dropped messages, counted once for each group.'),
    }),
  },
  precompile: {
    schema: success({ directory: optional('Directory of the cache of compiled code.') }),
  },
  probe: {
    schema: success({ urls: Type.Array(Type.String(), { description: 'URLs that are up.' }) }),
  },
  publish: {
    schema: success({
      count: number('Number of stored messages.'),
      first: optional('Id of the first message.'),
      last: optional('Id of the last message.'),
    }),
  },
  serve: {
    schema: success({
      url: text('Address of the server.'),
      backend: text('Address of its store.'),
    }),
  },
  signal: { schema: signalled },
  status: {
    schema: success({ status: Type.Array(statusRow, { description: 'Rows of the status.' }) }),
    streams: 'with --watch',
  },
  subscribe: { schema: message({ id: text('Id of the message.') }), streams: 'always' },
  wait: {
    schema: success({ targets: Type.Array(Type.String(), { description: 'Targets, as given.' }) }),
  },
  'waitgroup:add': { schema: waitGroup },
  'waitgroup:done': { schema: waitGroup },
  'waitgroup:wait': { schema: waitGroup },
}
