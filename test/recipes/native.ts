import { spawn } from 'node:child_process'
import { attend, type Running } from '../commands/rdv.ts'
import { onTestFinished } from '../finished.ts'
import { findProgram } from '../services/fetch.ts'
import { programEnvironment } from '../services/programs.ts'
import type { Service } from '../services/service.ts'

/** Runs another tool's command against a server. It is killed at the latest when the test ends. */
const start = (
  name: 'etcdctl' | 'consul',
  env: NodeJS.ProcessEnv,
  args: readonly string[],
): Running => {
  const program = findProgram(name)
  const running = attend(
    spawn(program.path, args, {
      env: { ...programEnvironment(program), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  onTestFinished(async () => {
    running.kill('SIGKILL')
    await running.ended
  })
  return running
}

export const etcdctl = (service: Service, ...args: string[]): Running =>
  start('etcdctl', { ETCDCTL_ENDPOINTS: service.url.replace(/^etcd/, 'http') }, args)

export const consul = (service: Service, ...args: string[]): Running =>
  start('consul', { CONSUL_HTTP_ADDR: `127.0.0.1:${service.port}` }, args)
