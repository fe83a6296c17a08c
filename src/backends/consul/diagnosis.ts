import { UnavailableError } from '../../base/errors.ts'
import type { CallOptions, Diagnosis } from '../backend.ts'
import type { Store } from './store.ts'

/** The version and the health of the cluster behind an agent. */
export const diagnose = async (store: Store, options: CallOptions): Promise<Diagnosis> => {
  const [agent, leader] = await Promise.all([aboutAgent(store, options), leaderOf(store, options)])
  const warnings = [
    leader ? '' : 'the cluster has no leader: nothing can be read or written',
    agent.inMemory ? 'the agent runs in development mode: its data is lost when it ends' : '',
  ]
  return { version: `Consul ${agent.version}`, warnings: warnings.filter(Boolean) }
}

const leaderOf = async (store: Store, options: CallOptions): Promise<string> => {
  const [, leader] = await store.ask(options, 'no permission', (client, common) =>
    client.status.leader(common),
  )
  return leader
}

/** Reading about the agent needs an ACL permission that coordination does not need. */
const aboutAgent = async (
  store: Store,
  options: CallOptions,
): Promise<{ version: string; inMemory: boolean }> => {
  try {
    const [, { Config, DebugConfig }] = await store.ask(options, 'agent:read', (client, common) =>
      client.agent.self(common),
    )
    return {
      version: Config?.Version ?? 'of unknown version',
      inMemory: DebugConfig?.DevMode === true,
    }
  } catch (error) {
    if (error instanceof UnavailableError && !error.retryable) {
      return { version: 'of undisclosed version', inMemory: false }
    }
    throw error
  }
}
