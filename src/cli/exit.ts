import { usedStreams } from '../start-up/lazy-streams.ts'

/**
 * Ends the process as soon as all output is written, even if a library keeps something open.
 *
 * A name lookup cannot be cancelled. `process.exit` waits for its thread, and a silent name server makes this wait
 * long. So while a lookup is running, the process is replaced by a shell that exits.
 */
export const exit = async (): Promise<never> => {
  await Promise.all(usedStreams().map(drained))
  if (process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap')) exitByShell()
  process.exit()
}

/** Returns if there is no shell. The process then ends later, with the same code. */
const exitByShell = (): void => {
  try {
    process.execve?.('/bin/sh', ['sh', '-c', `exit ${process.exitCode ?? 0}`], {})
  } catch {
    // There is no shell.
  }
}

const drained = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || stream.errored || stream.writableLength === 0) resolve()
    else stream.write('', () => resolve())
  })
