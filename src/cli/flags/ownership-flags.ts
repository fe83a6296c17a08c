import * as Flags from '@oclif/core/flags'
import { parseDuration } from '../../base/duration.ts'
import { optional, parsePositiveDuration } from '../../base/values.ts'
import { graceFlag, patientFlags, ttlFlag } from './global-flags.ts'

/** The flags of the commands that queue for an ownership and then hold it. */
export const ownershipFlags = {
  ...patientFlags,
  try: Flags.boolean({
    summary:
      'Does not wait. If another process is the holder, the exit code is 1, or 75 with --exit-codes no=75.',
  }),
  ...ttlFlag,
  ...graceFlag,
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
