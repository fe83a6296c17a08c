import * as Flags from '@oclif/core/flags'
import type { AnnounceOptions } from '../../recipes/wait/announcement.ts'
import { invocation } from '../invocation.ts'

const timeout = (defaultTimeout: string) => ({
  summary: `Time limit, such as 500ms, 30s or 1m30s; 0 means no limit. Default: ${defaultTimeout}.`,
  helpGroup: 'GLOBAL',
  helpValue: 'DURATION',
})

/** The flags of every command. rdv checks their values itself, so that each mistake gets one sentence of rdv's. */
export const globalFlags = {
  backend: Flags.string({
    summary: 'URL of the store: sqlite:, http://…, etcd://…, consul://…',
    env: 'RDV_BACKEND',
    helpGroup: 'GLOBAL',
    helpValue: 'URL',
  }),
  namespace: Flags.string({
    summary: 'Separates independent users of one store.',
    env: 'RDV_NAMESPACE',
    default: 'rdv',
    helpGroup: 'GLOBAL',
    helpValue: 'NAME',
  }),
  timeout: Flags.string(timeout('10s')),
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
    summary: 'Prints the causes of an error on stderr.',
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
    summary:
      'Makes this waiter visible to other processes on etcd and Consul, too, at the cost of a write.',
    env: 'RDV_ANNOUNCE',
  }),
}

/** Without COMMAND, the process of a waiter ends with its wait. */
export const announceOptions = ({ announce }: { announce?: boolean }): AnnounceOptions => ({
  announce,
  ending: !invocation.command,
})

/** `--timeout` of the commands that wait. RDV_TIMEOUT applies to these commands. */
export const waitingFlags = {
  timeout: Flags.string({ ...timeout('30s'), env: 'RDV_TIMEOUT' }),
}

/** `--timeout` of the commands that run until they are ended. It limits the whole run. */
export const lastingFlags = {
  timeout: Flags.string({
    summary: 'Time limit for the whole run, such as 500ms, 30s or 1m30s. Default: no limit.',
    helpGroup: 'GLOBAL',
    helpValue: 'DURATION',
    env: 'RDV_TIMEOUT',
  }),
}

/** `--timeout` of the commands that wait without a limit by default. */
export const patientFlags = {
  timeout: Flags.string({ ...timeout('no limit'), env: 'RDV_TIMEOUT' }),
}
