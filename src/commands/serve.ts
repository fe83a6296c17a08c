import type { Backend } from '../backends/backend.ts'
import { openBackend } from '../backends/open.ts'
import { aborted } from '../base/abort.ts'
import { describe } from '../base/errors.ts'
import { reportOutages } from '../base/outage.ts'
import { redactMalformed } from '../base/redact.ts'
import { RdvCommand } from '../cli/base-command.ts'
import { serveFlags } from '../cli/flags/serve-flags.ts'
import { backendUrl, namespacesOf, readSecrets, serveOptions } from '../cli/flags/serve-options.ts'
import { printResult } from '../cli/output/print.ts'
import { withDeadline } from '../recipes/core/deadline.ts'
import { retryUntilAvailable } from '../recipes/core/retry.ts'
import { createLog, type Log } from '../server/log/logger.ts'
import type { Server } from '../server/server.ts'

/** Milliseconds in which the store must become available. */
const STORE_LIMIT = 10_000

/** If the new secrets cannot be used, the old ones stay in use. */
const reload = async (
  server: Server,
  secrets: ReturnType<typeof readSecrets>,
  log: Log,
): Promise<void> => {
  try {
    server.reload(await secrets)
    log.info('certificate and tokens reloaded')
  } catch (error) {
    log.error('certificate and tokens not reloaded, the old ones stay in use', {
      reason: describe(error),
    })
  }
}

export default class Serve extends RdvCommand {
  static override summary = 'Runs the rendezvous server for clients that use rdv or curl.'
  static override description =
    `Without --backend and --data-dir, all data is in memory and is lost when the server ends.
An address other than loopback requires --token-file, or --insecure, which serves without authorization.`
  static override examples = [
    '<%= config.bin %> serve',
    '<%= config.bin %> serve --listen 0.0.0.0:8080 --token-file /run/secrets/rdv --data-dir /var/lib/rendezvous',
    '<%= config.bin %> serve --backend etcd://etcd:2379 --listen [::]:8080 --insecure',
  ]
  static override flags = serveFlags

  async run(): Promise<void> {
    const { flags } = await this.begin(Serve)
    const url = backendUrl(flags['data-dir'], flags.backend, process.env)
    const log = createLog({
      format: flags['log-format'],
      quiet: flags.quiet,
      write: (line) => process.stderr.write(line),
    })
    const options = await serveOptions(flags, process.env, log, this.settingName)
    const { startServer } = await import('../server/server.ts')
    const backend = await this.#openStore(url, log)
    try {
      const namespaces = namespacesOf(flags['allow-namespace'], flags.namespace, backend.traits)
      const server = await startServer({ ...options, backend, namespaces })
      this.interrupts.onHangUp(() => {
        const secrets = readSecrets(flags, process.env, log, this.settingName)
        void reload(server, secrets, log)
      })
      if (backend.traits.reach === 'process') {
        log.warn('all data is in memory and lost when the server ends; --data-dir keeps it')
      }
      const facts = { url: server.url, backend: backend.address }
      log.info('listening', facts)
      await printResult(`listening on ${server.url}`, { ok: true, ...facts })
      await aborted(this.interrupts.signal).catch(() => {})
      log.info('stopping', { waiters: server.waiters })
      await server.drain()
      log.info('stopped')
    } finally {
      await backend.close()
    }
  }

  /** Commits are durable, because clients may run on other machines and outlive this one. */
  async #openStore(url: string, log: Log): Promise<Backend> {
    const limits = { timeout: STORE_LIMIT, signal: this.interrupts.signal }
    const options = { env: process.env, durable: true }
    reportOutages((reason = `${redactMalformed(url)} does not answer`) =>
      log.warn(`still trying to reach the store: ${reason}`),
    )
    try {
      return await withDeadline(limits, (signal) =>
        retryUntilAvailable({ signal }, () => openBackend(url, options, { signal })),
      )
    } finally {
      // From now on, the server reports outages to its clients.
      reportOutages(undefined)
    }
  }
}
