import * as Flags from '@oclif/core/flags'
import type { AnnounceOptions } from '../../recipes/wait/announcement.ts'
import { invocation } from '../invocation.ts'

const timeout = (limited: string, defaultTimeout: string) => ({
  summary: `Time limit for ${limited}, such as 500ms, 30s or 1m30s; 0 means no limit. Default: ${defaultTimeout}.`,
  helpGroup: 'GLOBAL',
  helpValue: 'DURATION',
})

const backend = (urls: string, defaultStore: string) => ({
  summary: `URL of the store: ${urls}. Default: ${defaultStore}.`,
  env: 'RDV_BACKEND',
  helpGroup: 'GLOBAL',
  helpValue: 'URL',
})

const STORES = 'sqlite:, http://HOST:PORT, etcd://HOST:PORT or consul://HOST:PORT'

/** The flags of every command. rdv checks their values itself, so that each mistake gets one sentence of rdv's. */
export const globalFlags = {
  backend: Flags.string(backend(STORES, 'sqlite:, the embedded store')),
  namespace: Flags.string({
    summary: 'Separates independent users of one store.',
    env: 'RDV_NAMESPACE',
    default: 'rdv',
    helpGroup: 'GLOBAL',
    helpValue: 'NAME',
  }),
  timeout: Flags.string(timeout('the command', '10s')),
  json: Flags.boolean({
    summary: 'Prints results and errors as JSON.',
    env: 'RDV_JSON',
    helpGroup: 'GLOBAL',
  }),
  quiet: Flags.boolean({
    summary: 'Prints only errors on stderr.',
    env: 'RDV_QUIET',
    helpGroup: 'GLOBAL',
  }),
  verbose: Flags.boolean({
    summary: 'Also prints the causes of errors on stderr, and the commands of exec targets.',
    env: 'RDV_VERBOSE',
    helpGroup: 'GLOBAL',
  }),
  'exit-codes': Flags.string({
    summary: 'Changes exit codes by name, such as timeout=1,unavailable=3.',
    env: 'RDV_EXIT_CODES',
    helpGroup: 'GLOBAL',
    helpValue: 'LIST',
  }),
}

/** Whether this flag, if it stands before a command's name, takes the next argument as its value. */
export const takesValue = (flag: string): boolean =>
  ['--backend', '--namespace', '--timeout', '--exit-codes'].includes(flag)

/** For commands that only wait. */
export const announceFlag = {
  announce: Flags.boolean({
    summary: 'On etcd and Consul, lists this waiter in rdv status, at the cost of a write.',
    env: 'RDV_ANNOUNCE',
  }),
}

/** Without COMMAND, the process of a waiter ends with its wait. */
export const announceOptions = ({ announce }: { announce?: boolean }): AnnounceOptions => ({
  announce,
  ending: !invocation.command,
})

/** `--timeout` of `rdv wait`. RDV_TIMEOUT also sets the timeouts of the two groups of commands below. */
export const waitingFlags = {
  timeout: Flags.string({ ...timeout('the wait', '30s'), env: 'RDV_TIMEOUT' }),
}

/** `--timeout` of the commands that wait without a limit by default. */
export const patientFlags = {
  timeout: Flags.string({ ...timeout('the wait', 'no limit'), env: 'RDV_TIMEOUT' }),
}

/** `--timeout` of the commands that run until they are ended. */
export const lastingFlags = {
  timeout: Flags.string({ ...timeout('the command', 'no limit'), env: 'RDV_TIMEOUT' }),
}

/** `--timeout` of a command to which none of the other texts applies. */
export const timeoutFlag = (limited: string, defaultTimeout: string) => ({
  timeout: Flags.string(timeout(limited, defaultTimeout)),
})

/** `--backend` of a command with another default. */
export const backendFlag = (defaultStore: string, urls = STORES) => ({
  backend: Flags.string(backend(urls, defaultStore)),
})

/** For commands that print a result once, or follow it. */
export const watchFlags = {
  ...timeoutFlag('the command', '10s, with --watch no limit'),
  watch: Flags.boolean({ summary: 'Keeps running and prints each change.' }),
}

/** For commands that open a session. */
export const ttlFlag = {
  ttl: Flags.string({
    summary:
      'TTL of the session, such as 5s or 1m. If this process dies, its keys are removed within this time, on Consul within twice this time. Default: 15s, on Consul 45s.',
    helpValue: 'DURATION',
  }),
}

/** For commands that run COMMAND while they hold something. */
export const graceFlag = {
  grace: Flags.string({
    summary:
      'Time that COMMAND has to end before the session is lost, such as 2s. Default: a sixth of the TTL, at most 5s.',
    helpValue: 'DURATION',
  }),
}

/** For commands that read or print messages. */
export const nullFlag = {
  null: Flags.boolean({
    summary: 'Messages on stdin and stdout end with a NUL byte instead of a line feed.',
  }),
}
