import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { open } from '../../src/open.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { type SubscribeOptions, subscribe } from '../../src/recipes/topic/subscribe.ts'
import { REMOTE_STORES } from '../commands/stores.ts'
import { temporaryFolder } from '../services/watchdog.ts'

interface Started {
  readonly url: string
  stop(): Promise<void>
}

interface Store {
  readonly name: string
  start(): Promise<Started>
}

const nothing = async (): Promise<void> => {}

const LOCAL: readonly Store[] = [
  { name: 'memory', start: async () => ({ url: 'memory:', stop: nothing }) },
  {
    name: 'sqlite',
    start: async () => ({
      url: `sqlite://${join(temporaryFolder('topics'), 'rendezvous.db')}`,
      stop: nothing,
    }),
  },
]

/** Every kind of store. */
export const STORES: readonly Store[] = [
  ...LOCAL,
  ...REMOTE_STORES.map(({ scheme, start }) => ({ name: scheme, start })),
]

/** Two clients of a store for the cases of the surrounding `describe`. In memory, both are the same client. */
export const clients = (
  start: () => Promise<Started>,
): { readonly a: Namespace; readonly b: Namespace } => {
  let store: Started
  let a: Namespace
  let b: Namespace
  beforeAll(async () => {
    store = await start()
    a = await open(store.url)
    b = store.url === 'memory:' ? a : await open(store.url)
  })
  afterAll(async () => {
    await a.backend.close()
    if (b !== a) await b.backend.close()
    await store.stop()
  })
  return {
    get a() {
      return a
    },
    get b() {
      return b
    },
  }
}

export const text = (data: Uint8Array): string => Buffer.from(data).toString()

/** The next messages of a topic, as text. */
export const take = async (
  namespace: Namespace,
  topic: string,
  count: number,
  options: SubscribeOptions = {},
): Promise<string[]> => {
  const got: string[] = []
  for await (const { data } of subscribe(namespace, topic, options)) {
    got.push(text(data))
    if (got.length === count) break
  }
  return got
}

/** A subscriber that is ready to receive what is published from now on. */
export const listen = async (
  namespace: Namespace,
  topic: string,
  count: number,
  options: SubscribeOptions = {},
): Promise<{ got: Promise<string[]> }> => {
  const { promise: subscribed, resolve, reject } = Promise.withResolvers<void>()
  const got = take(namespace, topic, count, { ...options, onSubscribed: resolve })
  got.catch(reject)
  await subscribed
  return { got }
}

/** `prefix0`, `prefix1` and so on. */
export const numbered = (count: number, prefix = 'm'): string[] =>
  Array.from({ length: count }, (_, index) => prefix + index)
