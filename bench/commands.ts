import { join } from 'node:path'
import { findProgram } from '../test/services/fetch.ts'
import { programEnvironment } from '../test/services/programs.ts'
import type { Command } from './measure.ts'

const root = join(import.meta.dirname, '..')

/** If this variable names certificates, Node reads them at every start. */
export const WITHOUT_CERTIFICATES = { NODE_EXTRA_CA_CERTS: '' }

/** The built executable, run by this Node. `folder` selects another copy of the package. */
export const rdv = (
  url: string | undefined,
  words: readonly string[],
  env: Readonly<Record<string, string>> = {},
  folder: string = root,
): Command => ({
  name: `rdv ${words[0]}`,
  words: [process.execPath, join(folder, 'bin/rdv.cjs'), ...words],
  env: { ...WITHOUT_CERTIFICATES, ...env, RDV_BACKEND: url ?? '' },
})

export const node = (script: string): Command => ({
  name: 'node',
  words: [process.execPath, '-e', script],
  env: WITHOUT_CERTIFICATES,
})

/** `url` is the URL of the etcd in the form of rdv. */
export const etcdctl = (url: string, words: readonly string[]): Command => {
  const program = findProgram('etcdctl')
  const endpoint = `--endpoints=${url.replace('etcd://', '')}`
  return {
    name: `etcdctl ${words[0]}`,
    words: [program.path, endpoint, ...words],
    env: { ...programEnvironment(program), ETCDCTL_API: '3' },
  }
}

/** `url` is the URL of the Consul in the form of rdv. */
export const consul = (url: string, words: readonly string[]): Command => {
  const program = findProgram('consul')
  return {
    name: `consul ${words[0]}`,
    words: [program.path, ...words],
    env: { ...programEnvironment(program), CONSUL_HTTP_ADDR: url.replace('consul://', '') },
  }
}
