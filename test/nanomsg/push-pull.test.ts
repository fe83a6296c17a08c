import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { encodeReport } from '../../src/nanomsg/credit.ts'
import { Decoder } from '../../src/nanomsg/decoder.ts'
import { frame, greeting } from '../../src/nanomsg/protocol.ts'
import { PullDialer } from '../../src/nanomsg/pull-dialer.ts'
import { PushListener } from '../../src/nanomsg/push-listener.ts'

/** A PUSH socket that keeps the messages that no peer can take. */
const pushing = async () => {
  const waiting: Buffer[] = []
  const hand = () => {
    while (waiting[0] && listener.offer(waiting[0])) waiting.shift()
  }
  const listeners = new Set<() => void>()
  const listener = await PushListener.listen('127.0.0.1', 0, () => {
    hand()
    for (const look of listeners) look()
  })
  onTestFinished(() => listener.close())
  const send = (text: string) => {
    waiting.push(frame(Buffer.from(text)))
    hand()
  }
  /** Waits for a change after which `holds` is true. */
  const heard = (holds = () => true) =>
    new Promise<void>((resolve) => listeners.add(() => holds() && resolve()))
  return { listener, send, waiting, heard }
}

/** A PULL socket, and the messages that it got. */
const pulling = (port: number, credit?: number) => {
  const got: string[] = []
  const heard = new Set<() => void>()
  const dialer = new PullDialer({
    host: '127.0.0.1',
    port,
    firstReport: () => (credit === undefined ? undefined : { read: 0, credit }),
    onMessages: (messages) => {
      got.push(...messages.map(String))
      for (const listener of heard) listener()
    },
    onDisconnect: () => {},
  })
  onTestFinished(() => dialer.close())
  const until = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => got.length >= count && resolve()
      heard.add(look)
      look()
    })
  return { dialer, got, until }
}

const hostile = (port: number, bytes: Buffer): Socket => {
  const socket = connect(port, '127.0.0.1').on('error', () => {})
  socket.write(bytes)
  socket.resume()
  onTestFinished(() => void socket.destroy())
  return socket
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i))

describe('PUSH and PULL', () => {
  test('hand over everything in order, and end', async () => {
    const { listener, send, waiting } = await pushing()
    const { dialer, until, got } = pulling(listener.port)
    for (const text of numbers(10_000)) send(text)
    await until(1)
    while (waiting.length > 0) await until(got.length + 1)
    dialer.retire()
    await Promise.all([listener.end(), dialer.done])
    expect(got).toEqual(numbers(10_000))
  })

  test('two receivers share', async () => {
    const { listener, send } = await pushing()
    const one = pulling(listener.port, 100)
    const other = pulling(listener.port, 100)
    for (const text of numbers(200)) send(text)
    await Promise.all([one.until(100), other.until(100)])
    expect([...one.got, ...other.got].sort()).toEqual(numbers(200).sort())
  })

  test('a receiver gets no more than it has given credit for, and the next one gets the rest', async () => {
    const { listener, send, waiting } = await pushing()
    const one = pulling(listener.port, 3)
    for (const text of numbers(10)) send(text)
    await one.until(3)
    expect(waiting.map((framed) => framed.subarray(8).toString())).toEqual(numbers(10).slice(3))
    one.dialer.report({ read: 3, credit: 5 })
    await one.until(5)
    const other = pulling(listener.port, 100)
    await other.until(5)
    expect([one.got, other.got]).toEqual([numbers(5), numbers(10).slice(5)])
  })

  test('a receiver dials until a sender is there, and again when it comes back', async () => {
    const first = await pushing()
    const { port } = first.listener
    const { until, got } = pulling(port)
    first.send('one')
    await until(1)
    first.listener.close()
    const again = await PushListener.listen('127.0.0.1', port, () => {
      if (got.length === 1) again.offer(frame(Buffer.from('two')))
    })
    onTestFinished(() => again.close())
    await until(2)
    expect(got).toEqual(['one', 'two'])
  })
})

/** A receiver of the previous version, which gives credit and does not report what it has read. */
const pullingAsBefore = async (port: number, credit: number) => {
  const socket = connect(port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  const decoder = new Decoder('push', 1_024)
  const got: string[] = []
  socket.on('data', (chunk: Buffer) => got.push(...decoder.decode(chunk).map(String)))
  socket.write(Buffer.concat([greeting('pull'), encodeReport({ read: 0, credit }).subarray(16)]))
  await once(socket, 'data')
  return { got, socket }
}

describe('a message goes to', () => {
  test('the peer with the fewest unread', async () => {
    const { listener, send, heard } = await pushing()
    const one = pulling(listener.port, 10)
    const other = pulling(listener.port, 10)
    await heard(() => listener.ready === 2)
    for (const text of ['a', 'b', 'c', 'd']) send(text)
    await Promise.all([one.until(2), other.until(2)])
    const reported = heard()
    one.dialer.report({ read: 2, credit: 12 })
    await reported
    for (const text of ['e', 'f', 'g', 'h']) send(text)
    await Promise.all([one.until(5), other.until(3)])
    expect([one.got.length, other.got.length]).toEqual([5, 3])
  })

  test('a peer that does not report, in turn with the one that has the fewest unread', async () => {
    const { listener, send, heard } = await pushing()
    const tool = pulling(listener.port)
    const one = pulling(listener.port, 100)
    await heard(() => listener.ready === 2)
    for (const text of numbers(6)) send(text)
    await Promise.all([tool.until(3), one.until(3)])
    expect([tool.got.length, one.got.length]).toEqual([3, 3])
  })

  test('a receiver of the version before, too, as far as its credit goes', async () => {
    const { listener, send, waiting } = await pushing()
    const before = await pullingAsBefore(listener.port, 3)
    for (const text of numbers(5)) send(text)
    while (before.got.length < 3) await once(before.socket, 'data')
    expect(before.got).toEqual(numbers(3))
    expect(waiting).toHaveLength(2)
    before.socket.write(encodeReport({ read: 0, credit: 5 }).subarray(16))
    while (before.got.length < 5) await once(before.socket, 'data')
    expect(before.got).toEqual(numbers(5))
  })
})

describe('a hostile peer is cut off, and others are served: one that', () => {
  test.each([
    ['speaks HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['greets as PUSH', greeting('push')],
    [
      'announces 2^63 bytes',
      Buffer.concat([greeting('pull'), Buffer.from([128, 0, 0, 0, 0, 0, 0, 0])]),
    ],
    ['says what nobody understands', Buffer.concat([greeting('pull'), frame(Buffer.from('no'))])],
  ])('%s', async (_, bytes) => {
    const { listener, send } = await pushing()
    const socket = hostile(listener.port, bytes)
    await once(socket, 'close')
    const { until, got } = pulling(listener.port)
    send('one')
    await until(1)
    expect(got).toEqual(['one'])
  })

  test('greets by half', async () => {
    const { listener, send } = await pushing()
    const socket = hostile(listener.port, greeting('pull').subarray(0, 4))
    const { until, got } = pulling(listener.port)
    send('one')
    await until(1)
    await once(socket, 'close')
    expect(got).toEqual(['one'])
  })

  test('says half of something and leaves', async () => {
    const { listener, send } = await pushing()
    const half = Buffer.concat([greeting('pull'), Buffer.from([0, 0, 0])])
    const socket = hostile(listener.port, half)
    await once(socket, 'connect')
    socket.end()
    await once(socket, 'close')
    const { until, got } = pulling(listener.port)
    send('one')
    await until(1)
    expect(got).toEqual(['one'])
  })
})
