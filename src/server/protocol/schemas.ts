import Type, { type Static, type TSchema } from 'typebox'
import type { Operation, Requests } from '../../backends/http/protocol.ts'

/** A schema of a request body. The compiler checks that it accepts only what the operation takes. */
const bodyOf =
  <K extends Operation>() =>
  <S extends TSchema>(schema: Static<S> extends Requests[K] ? S : never): TSchema =>
    schema

const key = Type.String({ maxLength: 1_024 })
const value = Type.String({ pattern: '^[A-Za-z0-9+/]*={0,2}$' })
const session = Type.String({ maxLength: 128 })
const revision = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

const guard = Type.Union([
  Type.Object({ kind: Type.Literal('absent'), key }),
  Type.Object({ kind: Type.Literal('unchanged'), key, modRevision: revision }),
  Type.Object({ kind: Type.Literal('heldBy'), key, session }),
])

const write = Type.Union([
  Type.Object({
    kind: Type.Literal('put'),
    key,
    value,
    session: Type.Optional(Type.Union([session, Type.Null()])),
  }),
  Type.Object({ kind: Type.Literal('delete'), key }),
])

const claim = Type.Object({
  name: key,
  slots: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  session,
})

/** The longest id of an announced wait, in characters. */
const MAX_ID_LENGTH = 64

/** The schemas of the operations' request bodies. */
export const REQUESTS: { readonly [K in Operation]: TSchema } = {
  get: bodyOf<'get'>()(Type.Object({ key })),
  list: bodyOf<'list'>()(
    Type.Object({
      scope: key,
      after: Type.Optional(key),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000_000 })),
    }),
  ),
  commit: bodyOf<'commit'>()(Type.Object({ guards: Type.Array(guard), writes: Type.Array(write) })),
  grant: bodyOf<'grant'>()(Type.Object({ ttl: Type.Number({ exclusiveMinimum: 0 }) })),
  renew: bodyOf<'renew'>()(Type.Object({ id: session })),
  revoke: bodyOf<'revoke'>()(Type.Object({ id: session })),
  claim: bodyOf<'claim'>()(claim),
  claimed: bodyOf<'claimed'>()(claim),
  release: bodyOf<'release'>()(claim),
  diagnose: bodyOf<'diagnose'>()(Type.Object({})),
  waiters: bodyOf<'waiters'>()(Type.Object({ namespace: key })),
  conclude: bodyOf<'conclude'>()(
    Type.Object({
      namespace: key,
      id: Type.String({ minLength: 1, maxLength: MAX_ID_LENGTH }),
      outcome: Type.Union([
        Type.Literal('released'),
        Type.Literal('timeout'),
        Type.Literal('failed'),
        Type.Literal('gone'),
      ]),
      reason: Type.Optional(Type.String({ maxLength: 1_000 })),
    }),
  ),
}

const states = Type.Array(Type.String({ maxLength: 512 }), { maxItems: 16 })

const count = Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
const int64 = Type.Optional(Type.String({ pattern: '^-?\\d{1,19}$' }))

const waiter = Type.Object({
  kind: Type.Optional(Type.Union([Type.Literal('counter'), Type.Literal('waitgroup')])),
  targets: Type.Array(Type.String({ maxLength: 200 }), { minItems: 1, maxItems: 16 }),
  states: Type.Optional(states),
  failStates: Type.Optional(states),
  host: Type.String({ maxLength: 255 }),
  pid: Type.Optional(Type.Integer({ minimum: 1 })),
  since: Type.String({ maxLength: 40 }),
  timeout: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  id: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_ID_LENGTH })),
  min: count,
  ready: count,
  need: count,
  not: Type.Optional(states),
  atLeast: int64,
  atMost: int64,
  equals: int64,
  expect: int64,
})

export const ANNOUNCEMENT = Type.Object({ namespace: key, waiter })

export const WATCH_QUERY = Type.Object({
  scope: key,
  heartbeat: Type.Optional(Type.String({ pattern: '^\\d{1,6}$' })),
})
