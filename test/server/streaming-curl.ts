import { spawn } from 'node:child_process'
import { attend, type Running } from '../commands/rdv.ts'
import { onTestFinished } from '../finished.ts'
import { findProgram } from '../services/fetch.ts'
import { programEnvironment } from '../services/programs.ts'

/** Runs the real curl. Its output can be read as it arrives. It is killed at the latest when the test ends. */
export const streamingCurl = (...args: readonly string[]): Running => {
  const program = findProgram('curl')
  const running = attend(
    spawn(program.path, ['--silent', '--no-buffer', '--fail', ...args], {
      env: programEnvironment(program),
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  onTestFinished(async () => {
    running.kill('SIGCONT')
    running.kill('SIGKILL')
    await running.ended
  })
  return running
}
