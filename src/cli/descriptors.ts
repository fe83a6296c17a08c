import { existsSync } from 'node:fs'
import { UsageError } from '../base/errors.ts'

/** The path that a shell passes in place of `<(…)`. It names an open descriptor. */
const DESCRIPTOR = /^\S*\/(?:dev|proc\/self)\/fd\/(\d+)$/

/**
 * Refuses a COMMAND that needs further descriptors, because it inherits only 0, 1 and 2.
 * @throws UsageError a word of COMMAND names another descriptor that is open in this process.
 */
export const refuseDescriptors = (command: readonly string[]): void => {
  for (const word of command) {
    const [, fd] = DESCRIPTOR.exec(word) ?? []
    if (fd === undefined || Number(fd) <= 2 || !existsSync(`/dev/fd/${fd}`)) continue
    throw new UsageError(
      `COMMAND inherits only the descriptors 0, 1 and 2, and not ${JSON.stringify(word)}: open it within COMMAND, as in bash -c 'diff <(a) <(b)'`,
    )
  }
}

/**
 * A note if systemd has opened sockets for this process, because COMMAND does not inherit them. `undefined` if there
 * are none.
 */
export const socketsHint = ({ LISTEN_FDS, LISTEN_PID }: NodeJS.ProcessEnv): string | undefined => {
  if (!LISTEN_FDS || (LISTEN_PID && LISTEN_PID !== String(process.pid))) return undefined
  return 'LISTEN_FDS is set, but COMMAND does not inherit these sockets: in a systemd unit, run rdv wait in ExecStartPre= and the server in ExecStart='
}
