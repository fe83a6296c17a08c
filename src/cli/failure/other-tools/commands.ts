import { redactMalformed } from '../../../base/redact.ts'
import { adviceFor } from '../../../probes/advice.ts'
import { isProbeUrl } from '../../../probes/open.ts'

const PROBED =
  /^(https?|tcp|dns|exec|influxdb|kafka|mongodb|mysql|postgres(ql)?|rabbitmq|redis|temporal)$/

/** By command of rdv: the names that other tools give to its function. */
const MEANINGS: Readonly<Record<string, readonly string[]>> = {
  'rdv help': ['usage', 'man'],
  'rdv clear KEY': ['del', 'delete', 'remove', 'reset', 'rm', 'unset'],
  'rdv counter get NAME': ['count'],
  'rdv counter inc NAME': ['inc', 'incr', 'increment'],
  'rdv counter dec NAME': ['dec', 'decr', 'decrement'],
  'rdv elect NAME': ['campaign', 'election', 'vote'],
  'rdv get KEY': ['read', 'show'],
  'rdv list': ['keys', 'ls'],
  'rdv list --watch': ['follow', 'watch'],
  'rdv lock NAME': ['acquire', 'flock', 'mutex'],
  'rdv lock NAME --slots N': ['sem', 'semaphore'],
  'rdv pipe receive DEST --group G': ['pull', 'receive', 'recv'],
  'rdv pipe send DEST': ['push', 'send'],
  'rdv probe URL': ['check', 'health', 'healthcheck'],
  'rdv publish TOPIC MESSAGE': ['pub'],
  'rdv serve': ['daemon', 'server', 'start'],
  'rdv signal KEY': ['mark', 'notify', 'put', 'set', 'write'],
  'rdv status': ['holders', 'info', 'ps'],
  'rdv subscribe TOPIC': ['consume', 'sub'],
  'rdv wait TARGET': ['await', 'dockerize', 'wait-for', 'wait-for-it', 'wait-on', 'waitfor'],
  'rdv waitgroup add NAME': ['add'],
  'rdv waitgroup done NAME': ['done'],
}

/** A hint for an unknown command, as the end of a sentence. */
export const commandHint = (name: string): string | undefined => {
  if (/^(unlock|release|resign)$/.test(name))
    return 'a lock or leadership is released when its COMMAND or rdv ends; rdv status shows the holder'
  if (isProbeUrl(name))
    return `write rdv wait ${redactMalformed(name.replace(/^exec:.*/is, 'exec:…'))}`
  if (PROBED.test(name)) return 'write rdv wait with a URL such as tcp://HOST:PORT'
  const advice = adviceFor(name)
  if (advice) return `write rdv wait ${advice.write}`
  const [words] = Object.entries(MEANINGS).find(([, names]) => names.includes(name)) ?? []
  return words && `write ${words}`
}
