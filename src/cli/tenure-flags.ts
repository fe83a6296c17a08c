import * as Flags from '@oclif/core/flags'
import { parseDuration } from '../duration.ts'
import { optional, parseLength } from '../values.ts'

/** The flags of the commands that queue for something and then hold it. */
export const tenureFlags = {
  timeout: Flags.string({
    summary: 'Waits no longer than this for its turn: 500ms, 30s, 1m30s. Default: no limit.',
    helpGroup: 'GLOBAL',
    helpValue: 'DURATION',
    env: 'RDV_TIMEOUT',
  }),
  try: Flags.boolean({
    summary:
      'Does not wait: exit code 1 where another one has it, which --exit-codes no=75 tells from a 1 of COMMAND.',
  }),
  ttl: Flags.string({
    summary: 'How soon it is free when this process dies. Default: 15s, on Consul 45s.',
    helpValue: 'DURATION',
  }),
  grace: Flags.string({
    summary: 'Before a loss COMMAND has this long to end. Default: a sixth of the TTL, at most 5s.',
    helpValue: 'DURATION',
  }),
}

interface TenureFlags {
  readonly try: boolean
  readonly ttl?: string | undefined
  readonly grace?: string | undefined
}

/** @throws UsageError for what is malformed. */
export const tenureOptions = (flags: TenureFlags) => ({
  try: flags.try,
  ttl: optional(flags.ttl, parseLength('--ttl')),
  grace: optional(flags.grace, (text) => parseDuration(text, '--grace')),
})
