import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/*
 * When this process ends in any way, even by `kill -9`, the write end of the watchdog's pipe is closed. The watchdog
 * then kills the servers that are still listed, by process id, and removes the temporary folder.
 */
const script = `
trap '' INT TERM HUP
pids=
while read -r what pid; do
  left=
  for one in $pids; do [ "$one" = "$pid" ] || left="$left $one"; done
  pids=$left
  [ "$what" = started ] && pids="$pids $pid"
done
for one in $pids; do kill -9 "$one"; done
rm -rf "$1" || { sleep 1; rm -rf "$1"; }
`

interface Watchdog {
  readonly folder: string
  readonly child: ChildProcess
}

let running: Watchdog | undefined

const start = (): Watchdog => {
  const folder = mkdtempSync(join(tmpdir(), 'rdv-services-'))
  // a server that must not be root reaches its own folder in it, but cannot list the others
  chmodSync(folder, 0o711)
  const child = spawn('/bin/sh', ['-c', script, 'guard', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.unref()
  const pipe = child.stdin as (typeof child)['stdin'] & { unref?(): void }
  pipe.unref?.()
  // a test worker whose runner was killed ends at once
  process.once('disconnect', () => process.exit(1))
  return { folder, child }
}

const watchdog = (): Watchdog => {
  running ??= start()
  return running
}

/** Creates an empty temporary folder. It is removed at the latest when this process ends. */
export const temporaryFolder = (name: string): string =>
  mkdtempSync(join(watchdog().folder, `${name}-`))

/** Registers a process, which is killed when this process ends in any way. */
export const watchdogProcess = (pid: number): void => {
  watchdog().child.stdin?.write(`started ${pid}\n`)
}

/** Removes a process that has ended from the list: another process may get its id. */
export const releaseProcess = (pid: number): void => {
  watchdog().child.stdin?.write(`ended ${pid}\n`)
}
