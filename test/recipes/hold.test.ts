import { once } from 'node:events'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { CommitResult } from '../../src/backends/backend.ts'
import { remove } from '../../src/backends/operations.ts'
import {
  IndeterminateError,
  LeaseGoneError,
  LostError,
  NoError,
  UnavailableError,
  UsageError,
} from '../../src/base/errors.ts'
import { clear } from '../../src/recipes/clear.ts'
import { withDeadline } from '../../src/recipes/core/deadline.ts'
import type { Namespace } from '../../src/recipes/core/namespace.ts'
import { Session } from '../../src/recipes/core/session.ts'
import { getState } from '../../src/recipes/get.ts'
import { Hold } from '../../src/recipes/hold.ts'
import { list, watchList } from '../../src/recipes/list.ts'
import { Membership } from '../../src/recipes/membership.ts'
import { signal } from '../../src/recipes/signal.ts'
import { wait } from '../../src/recipes/wait/wait-targets.ts'
import { aborts } from './matrix.ts'
import { distorted, memory } from './namespace.ts'

const KEY = 'rdv/signal/k'

describe('a session', () => {
  test.each([
    { ttl: 10_000, grace: 5_001 },
    { ttl: undefined, grace: 7_501 },
  ])('whose grace is longer than half of its TTL is refused: $ttl, $grace', async (options) => {
    const { backend } = await memory()
    await expect(Session.open(backend, options)).rejects.toThrow(UsageError)
  })

  test('tells that it is expiring, and then that it is lost, when renewals fail', async () => {
    const namespace = await memory()
    const failing = distorted(namespace, {
      renew: () => Promise.reject(new UnavailableError('cut')),
    })
    const session = await Session.open(failing.backend, { ttl: 2_000, grace: 300 })
    const order: string[] = []
    session.expiring.addEventListener('abort', () => order.push('expiring'))
    session.lost.addEventListener('abort', () => order.push('lost'))
    await once(session.lost, 'abort')
    expect(order).toEqual(['expiring', 'lost'])
    // this is before another session can have what it held
    expect(await namespace.backend.renew(session.id)).toBe(2_000)
    await session.close()
  })

  test('is lost at once when the store says that the lease is gone', async () => {
    const { backend } = await memory()
    const session = await Session.open(backend, { ttl: 500 })
    await backend.revoke(session.id)
    await once(session.lost, 'abort')
    expect(session.lost.reason).toBeInstanceOf(LostError)
  })

  test('that was closed is never lost', async () => {
    const { backend } = await memory()
    const session = await Session.open(backend, { ttl: 100 })
    await session.close()
    session.lose('for a test')
    expect(session.lost.aborted).toBe(false)
    await session.close()
  })

  test('that is lost ends in the store, unless it lingers until it is closed', async () => {
    const namespace = await memory()
    const open = () => Session.open(namespace.backend, { ttl: 2_000 })
    const [idle, lingering] = [await open(), await open()]
    for (const session of [idle, lingering]) session.lose('for a test')
    const lingered = lingering.linger()
    await signal(namespace, 'control', 'x', { expire: 4_000 })
    await wait(namespace, 'control', { not: true, states: ['*'] })
    await expect(namespace.backend.renew(idle.id)).rejects.toThrow(LeaseGoneError)
    expect(await namespace.backend.renew(lingering.id)).toBe(2_000)
    await lingering.close()
    await lingered
    await expect(namespace.backend.renew(lingering.id)).rejects.toThrow(LeaseGoneError)
  })

  test('whose lease the store has ended does not linger', async () => {
    const { backend } = await memory()
    const session = await Session.open(backend, { ttl: 2_000 })
    await backend.revoke(session.id)
    await expect(session.linger()).resolves.toBeUndefined()
  })

  test('lives on for many TTLs', async () => {
    const namespace = await memory()
    const session = await Session.open(namespace.backend, { ttl: 1_000 })
    await signal(namespace, 'control', 'x', { expire: 4_000 })
    await wait(namespace, 'control', { not: true, states: ['*'] })
    expect(session.lost.aborted).toBe(false)
    expect(await namespace.backend.renew(session.id)).toBe(1_000)
    await session.close()
  })
})

describe('a second Hold.take', () => {
  test('gets a No with host and process id, and the first stays', async () => {
    const namespace = await memory()
    const first = await Hold.take(namespace, 'k', 'first')
    const second = Hold.take(namespace, 'k', 'second')
    await expect(second).rejects.toThrow(NoError)
    await expect(second).rejects.toThrow(`k is held by ${hostname()} (pid ${process.pid})`)
    expect(await getState(namespace, 'k')).toBe('first')
    expect((await namespace.backend.list('rdv/session/')).entries).toHaveLength(1)
    await first.release()
    const third = await Hold.take(namespace, 'k', 'third')
    await third.release()
  })

  test('of two at the same time one has it', async () => {
    const namespace = await memory()
    const takes = await Promise.allSettled(
      Array.from({ length: 10 }, (_, i) => Hold.take(namespace, 'k', `s${i}`)),
    )
    const holds = takes.flatMap((take) => (take.status === 'fulfilled' ? [take.value] : []))
    const refusals = takes.flatMap((take) => (take.status === 'rejected' ? [take.reason] : []))
    expect(holds).toHaveLength(1)
    for (const reason of refusals) expect(reason).toBeInstanceOf(NoError)
    expect((await namespace.backend.list('rdv/session/')).entries).toHaveLength(1)
    await holds[0]?.release()
  })
})

/** A store whose renewals fail, and which answers a commit only after the writer's lease has expired. */
const swallowing = (namespace: Namespace): Namespace =>
  distorted(namespace, {
    renew: () => Promise.reject(new UnavailableError('cut')),
    async commit(...args) {
      const result = await namespace.backend.commit(...args)
      await wait(namespace, 'k', { not: true, states: ['*'] })
      return result
    },
  })

describe('a hold', () => {
  test('that has run out before its store answers is not handed out', async () => {
    const namespace = await memory()
    const taking = Hold.take(swallowing(namespace), 'k', 'busy', { ttl: 1_000 })
    await expect(taking).rejects.toThrow(LostError)
  })

  test('whose answer is lost, and whose store then lets nobody bind a key, is taken once', async () => {
    const namespace = await memory()
    const answers = [
      async (commit: () => Promise<CommitResult>) => {
        await commit()
        throw new IndeterminateError('the answer was lost')
      },
      async (): Promise<CommitResult> => ({ outcome: 'delayed' }),
    ]
    const hesitant = distorted(namespace, {
      commit: (...args) => {
        const commit = () => namespace.backend.commit(...args)
        return answers.shift()?.(commit) ?? commit()
      },
    })
    const hold = await Hold.take(hesitant, 'k', 'busy')
    expect(answers).toEqual([])
    expect(await getState(namespace, 'k')).toBe('busy')
    await hold.release()
  })

  test.each(['expiring', 'lost'] as const)(
    'that is %s is released as soon as its store is back',
    async (stage) => {
      const namespace = await memory()
      const store = { cut: true }
      const asked = Promise.withResolvers<void>()
      const cut = () => Promise.reject(new UnavailableError('cut'))
      const shaky = distorted(namespace, {
        renew: cut,
        revoke: (...args) => {
          asked.resolve()
          return store.cut ? cut() : namespace.backend.revoke(...args)
        },
      })
      // The store keeps the lease for longer than the session expects.
      const long = {
        grant: () => namespace.backend.grant(60_000).then((lease) => ({ ...lease, ttl: 1_000 })),
      }
      const hold = await Hold.take(distorted(shaky, long), 'k', 'busy', { ttl: 1_000 })
      await aborts(hold[stage])
      const releasing = hold.release(undefined, AbortSignal.timeout(50_000))
      await asked.promise
      expect(await getState(namespace, 'k')).toBe('busy')
      await sleep(400)
      store.cut = false
      await releasing
      expect(await namespace.backend.get(KEY)).toBeUndefined()
    },
  )

  test('that is released with a final state leaves it, sticky', async () => {
    const namespace = await memory()
    const hold = await Hold.take(namespace, 'k', 'busy')
    await hold.release('done')
    expect(await list(namespace)).toEqual([{ key: 'k', state: 'done' }])
    expect((await namespace.backend.list('rdv/session/')).entries).toEqual([])
  })

  test('whose key was deleted is lost, and its states are not set any more', async () => {
    const namespace = await memory()
    const hold = await Hold.take(namespace, 'k', 'busy')
    await namespace.backend.commit([], [remove(KEY)])
    await once(hold.lost, 'abort')
    await expect(hold.setState('x')).rejects.toThrow(LostError)
    expect(await namespace.backend.get(KEY)).toBeUndefined()
    await hold.release()
  })

  test('learns of its loss also by a state that it sets', async () => {
    const namespace = await memory()
    const deaf = distorted(namespace, {
      // biome-ignore lint/correctness/useYield: it never has anything to tell
      async *watch(_, signal) {
        await once(signal, 'abort')
        throw signal.reason
      },
    })
    const hold = await Hold.take(deaf, 'k', 'busy')
    await namespace.backend.commit([], [remove(KEY)])
    await expect(hold.setState('x')).rejects.toThrow(LostError)
    expect(hold.lost.aborted).toBe(true)
    await hold.release()
  })

  test('whose state somebody else signals is not lost', async () => {
    const namespace = await memory()
    const hold = await Hold.take(namespace, 'k', 'busy')
    await signal(namespace, 'k', 'theirs')
    await hold.setState('mine')
    expect(await getState(namespace, 'k')).toBe('mine')
    expect(hold.lost.aborted).toBe(false)
    await hold.release()
  })
})

describe('a membership', () => {
  const join = async () => {
    const namespace = await memory()
    const troubles: string[] = []
    const onTrouble = (trouble: string) => void troubles.push(trouble)
    return {
      space: namespace,
      troubles,
      member: await Membership.join(namespace, 'k', 'one', { onTrouble }),
    }
  }

  test('joins again after its session was revoked, in its latest state', async () => {
    const { space: namespace, troubles, member } = await join()
    await member.setState('two')
    const before = (await namespace.backend.get(KEY))?.lease ?? ''
    await namespace.backend.revoke(before)
    await wait(namespace, 'k=two')
    expect((await namespace.backend.get(KEY))?.lease).not.toBe(before)
    expect(troubles).toHaveLength(1)
    await member.leave()
    expect((await namespace.backend.list('rdv/')).entries).toEqual([])
  })

  test('a state that is set while it joins again is not forgotten', async () => {
    const namespace = await memory()
    const asked = Promise.withResolvers<void>()
    const answer = Promise.withResolvers<void>()
    const store = { slow: false }
    const slow = distorted(namespace, {
      async grant(...args) {
        if (store.slow) {
          asked.resolve()
          await answer.promise
        }
        return namespace.backend.grant(...args)
      },
    })
    const member = await Membership.join(slow, 'k', 'one')
    store.slow = true
    await namespace.backend.commit([], [remove(KEY)])
    await asked.promise
    const setting = member.setState('two')
    answer.resolve()
    await setting
    expect(await getState(namespace, 'k')).toBe('two')
    await member.leave()
  })

  test('left while it cannot join again ends with what keeps it from that, at the deadline', async () => {
    const namespace = await memory()
    const store = { cut: false }
    const shaky = distorted(namespace, {
      grant: (...args) =>
        store.cut
          ? Promise.reject(new UnavailableError('nothing listens'))
          : namespace.backend.grant(...args),
    })
    const member = await Membership.join(shaky, 'k', 'one')
    store.cut = true
    await clear(namespace, ['k'])
    await wait(namespace, 'k', { not: true })
    const leaving = withDeadline({ timeout: 1_000 }, (signal) => member.leave('done', signal))
    await expect(leaving).rejects.toThrow('nothing listens')
    expect(await namespace.backend.get(KEY)).toBeUndefined()
  })

  test('left without a last word does not wait to join again', async () => {
    const namespace = await memory()
    const store = { cut: false }
    const shaky = distorted(namespace, {
      grant: (...args) =>
        store.cut
          ? Promise.reject(new UnavailableError('nothing listens'))
          : namespace.backend.grant(...args),
    })
    const member = await Membership.join(shaky, 'k', 'one')
    store.cut = true
    await clear(namespace, ['k'])
    await wait(namespace, 'k', { not: true })
    await member.leave()
    expect((await namespace.backend.list('rdv/')).entries).toEqual([])
  })
})

test('a watched list tells each join, change and leave', async () => {
  const namespace = await memory()
  await signal(namespace, 'a', 'up')
  const stop = new AbortController()
  const events: string[] = []
  const steps = [
    () => signal(namespace, 'g/b', 'busy'),
    () => signal(namespace, 'g/b', 'ready'),
    () => clear(namespace, ['a']),
    () => stop.abort(new Error('over')),
  ]
  const watching = async () => {
    for await (const { event, key, state } of watchList(namespace, '', stop.signal)) {
      events.push(`${event} ${key} ${state}`)
      await steps.shift()?.()
    }
  }
  await expect(watching()).rejects.toThrow('over')
  expect(events).toEqual(['join a up', 'join g/b busy', 'change g/b ready', 'leave a up'])
})
