import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { findProgram } from './fetch.ts'
import { programEnvironment } from './programs.ts'
import { type Place, portOf, type Service, startService } from './service.ts'

export interface RedisOptions {
  readonly password?: string
}

const configuration = (place: Place): string => join(place.folder, 'redis.conf')

const settings = (place: Place, { password }: RedisOptions): string =>
  [
    `port ${portOf(place)}`,
    'bind 127.0.0.1',
    `dir ${place.data}`,
    'save ""',
    'appendonly yes',
    ...(password === undefined ? [] : [`requirepass "${password}"`]),
  ].join('\n')

/** The answer of Redis to commands, up to `length` characters; less if the connection ends. */
const answer = (port: number, commands: string, length: number): Promise<string> => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const socket = connect({ host: '127.0.0.1', port, timeout: 1000 })
  let text = ''
  socket.on('connect', () => socket.write(commands))
  socket.on('data', (chunk) => {
    text += chunk
    if (text.length >= length) socket.destroy()
  })
  socket.on('timeout', () => socket.destroy())
  socket.on('error', () => {})
  socket.on('close', () => resolve(text))
  return promise
}

const ready = async (place: Place, { password }: RedisOptions): Promise<boolean> => {
  const login = password === undefined ? '' : `AUTH ${password}\r\n`
  const wanted = password === undefined ? '+PONG\r\n' : '+OK\r\n+PONG\r\n'
  return (await answer(portOf(place), `${login}PING\r\n`, wanted.length)) === wanted
}

/** Starts Redis with an append-only file, so that its data survives a restart. */
export const startRedis = (options: RedisOptions = {}): Promise<Service> => {
  const program = findProgram('redis')
  const login = options.password === undefined ? '' : `:${encodeURIComponent(options.password)}@`
  return startService({
    name: 'redis',
    ports: 1,
    url: (place) => `redis://${login}127.0.0.1:${portOf(place)}`,
    prepare: (place) => writeFileSync(configuration(place), settings(place, options)),
    launch: (place) => ({
      command: program.path,
      args: [configuration(place)],
      env: programEnvironment(program),
    }),
    ready: (place) => ready(place, options),
  })
}
