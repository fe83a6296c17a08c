import * as Flags from '@oclif/core/flags'
import { parseDuration } from '../../base/duration.ts'
import { optional, parsePositiveDuration } from '../../base/values.ts'

/** The flags of the commands that queue for an ownership and then hold it. */
export const ownershipFlags = {
  timeout: Flags.string({
    summary: 'Time limit for the wait, such as 500ms, 30s or 1m30s. Default: no limit.',
    helpGroup: 'GLOBAL',
    helpValue: 'DURATION',
    env: 'RDV_TIMEOUT',
  }),
  try: Flags.boolean({
    summary:
      'Does not wait. Exit code 1 if another process is the holder; --exit-codes no=75 distinguishes this from exit code 1 of COMMAND.',
  }),
  ttl: Flags.string({
    summary:
      'Time until the next waiter can become the holder after this process dies. Default: 15s, on Consul 45s.',
    helpValue: 'DURATION',
  }),
  grace: Flags.string({
    summary:
      'Time that COMMAND has to end before the session is lost. Default: a sixth of the TTL, at most 5s.',
    helpValue: 'DURATION',
  }),
}

interface OwnershipFlags {
  readonly try: boolean
  readonly ttl?: string | undefined
  readonly grace?: string | undefined
}

/** @throws UsageError a value is malformed. */
export const ownershipOptions = (flags: OwnershipFlags) => ({
  try: flags.try,
  ttl: optional(flags.ttl, parsePositiveDuration('--ttl')),
  grace: optional(flags.grace, (text) => parseDuration(text, '--grace')),
})
