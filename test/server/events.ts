import { get, type IncomingMessage } from 'node:http'
import type { ActivityEvents } from '../../src/server/activity/protocol.ts'
import { onTestFinished } from '../finished.ts'

type Name = keyof ActivityEvents

interface Event {
  readonly name: Name
  readonly data: unknown
}

/** A client of `GET /_events`. */
export interface Following {
  readonly response: IncomingMessage
  readonly events: readonly Event[]
  /** Waits for an event with this name that fulfils `wanted`. */
  next<K extends Name>(
    name: K,
    wanted?: (data: ActivityEvents[K]) => boolean,
  ): Promise<ActivityEvents[K]>
}

/** Follows the events of a server until the test ends. */
export const follow = async (url: string): Promise<Following> => {
  const response = await new Promise<IncomingMessage>((resolve, reject) =>
    get(`${url}/_events`, resolve).on('error', reject),
  )
  onTestFinished(() => void response.destroy())
  response.on('error', () => {})
  const events: Event[] = []
  const heard = new Set<() => void>()
  let rest = ''
  response.setEncoding('utf8').on('data', (piece: string) => {
    const blocks = (rest + piece).split('\n\n')
    rest = blocks.pop() ?? ''
    events.push(...blocks.filter((block) => !block.startsWith(':')).map(parse))
    for (const listener of heard) listener()
  })
  return {
    response,
    events,
    next: (name, wanted = () => true) =>
      new Promise((resolve, reject) => {
        const look = () => {
          const found = events.find((event) => event.name === name && wanted(event.data as never))
          if (found) resolve(found.data as never)
        }
        heard.add(look)
        response.once('close', () => reject(new Error(`it ended: ${JSON.stringify(events)}`)))
        look()
      }),
  }
}

const parse = (block: string): Event => {
  const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? []
  return { name: name as Name, data: JSON.parse(data ?? '') }
}
