import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/*
 * However this process ends, `kill -9` included, the write end of the guard's pipe is closed with it. The guard
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
  // a server that must not be root reaches its own folder in here, and can list nothing
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

/** A fresh temporary folder, removed when this process ends at the latest. */
export const temporaryFolder = (name: string): string =>
  mkdtempSync(join(watchdog().folder, `${name}-`))

/** From now on the process is killed when this process ends, however it ends. */
export const watchdogProcess = (pid: number): void => {
  watchdog().child.stdin?.write(`started ${pid}\n`)
}

/** The process has ended: its id may soon be another's. */
export const releaseProcess = (pid: number): void => {
  watchdog().child.stdin?.write(`ended ${pid}\n`)
}
