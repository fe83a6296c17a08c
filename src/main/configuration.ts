import type { Interfaces } from '@oclif/core'

/** oclif's own traces are of no use to our users, and loading what prints them takes time. */
export const silent: Interfaces.Logger = {
  child: () => silent,
  debug: () => {},
  error: () => {},
  info: () => {},
  namespace: 'oclif',
  trace: () => {},
  warn: () => {},
}

/** What a running command asks of oclif's configuration; the whole of it, which looks for plugins, is for the help. */
export const configuration = {
  bin: 'rdv',
  runHook: async () => ({ successes: [], failures: [] }),
  scopedEnvVarKeys: (name: string) => [`RDV_${name}`],
} as unknown as Interfaces.Config
