/**
 * Lets the process end. It ends by itself when nothing is left to do, but for one thing: a look-up of a name cannot be
 * cancelled, and even `process.exit` waits for its thread, as long as a silent name server makes it. Becoming a shell
 * that exits does not.
 */
export const leave = async (): Promise<void> => {
  if (!process.getActiveResourcesInfo().includes('GetAddrInfoReqWrap')) return
  await Promise.all([drained(process.stdout), drained(process.stderr)])
  try {
    process.execve?.('/bin/sh', ['sh', '-c', `exit ${process.exitCode ?? 0}`], {})
  } catch {
    // Without a shell it ends later, with the same code.
  }
}

const drained = (stream: NodeJS.WriteStream): Promise<void> =>
  new Promise((resolve) => stream.write('', () => resolve()))
