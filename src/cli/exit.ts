import { usedStreams } from '../start-up/lazy-streams.ts'

/**
 * Ends the process as soon as all output is out. Nothing that a library keeps open may hold it up; and as a check-up of a
 * name cannot be cancelled, and even `process.exit` waits for its thread, as long as a silent name server makes it,
 * the process then becomes a shell that exits.
 */
export const exit = async (): Promise<never> => {
  await Promise.all(usedStreams().map(drained))
  if (process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap')) exitByShell()
  process.exit()
}

/** Without a shell it ends later, with the same code. */
const exitByShell = (): void => {
  try {
    process.execve?.('/bin/sh', ['sh', '-c', `exit ${process.exitCode ?? 0}`], {})
  } catch {
    // There is none.
  }
}

const drained = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => {
    if (stream.destroyed || stream.errored || stream.writableLength === 0) resolve()
    else stream.write('', () => resolve())
  })
