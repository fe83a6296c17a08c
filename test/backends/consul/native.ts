import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { LOCK_FLAGS } from '../../../src/backends/consul/semaphore.ts'
import { findProgram } from '../../services/fetch.ts'
import { programEnvironment } from '../../services/programs.ts'
import type { Service } from '../../services/service.ts'

const execute = promisify(execFile)

/** Runs Consul's own command against a server: `consul kv put …`. */
export const consul = async (service: Service, ...args: string[]): Promise<string> => {
  const program = findProgram('consul')
  const env = { ...programEnvironment(program), CONSUL_HTTP_ADDR: `127.0.0.1:${service.port}` }
  const { stdout } = await execute(program.path, args, { env })
  return stdout.trimEnd()
}

/** A request to Consul's HTTP API, as another client would send it. */
export const request = async <T>(
  service: Service,
  method: string,
  path: string,
  { body, token }: { body?: unknown; token?: string } = {},
): Promise<T> => {
  const response = await fetch(`http://127.0.0.1:${service.port}/v1${path}`, {
    method,
    headers: token ? { 'X-Consul-Token': token } : {},
    body: body === undefined ? undefined : JSON.stringify(body),
  })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

/**
 * Leaves a lock in the state in which `consul lock` leaves it when its agent ends its session: no session may have the
 * lock for two seconds.
 */
export const delayLock = async (service: Service, name: string): Promise<void> => {
  const { ID } = await request<{ ID: string }>(service, 'PUT', '/session/create', {
    body: { LockDelay: '2s', Behavior: 'release' },
  })
  await request(service, 'PUT', `/kv/${name}/.lock?acquire=${ID}&flags=${LOCK_FLAGS}`)
  await request(service, 'PUT', `/session/destroy/${ID}`)
}
