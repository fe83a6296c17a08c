import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { isGone } from '../child/harness.ts'
import { Place } from './rdv.ts'

const mayHaveNamespaces = spawnSync('unshare', ['-Urpf', 'true']).status === 0
const isRoot = process.getuid?.() === 0

/** A process that is hard to find or to end. It prints `job PID`, with its process id on the machine. */
const JOB = `sh -c 'echo "job $$"; exec sleep 1000'`

/** COMMANDs with a process that must end together with them. */
const COMMANDS: readonly { what: string; script: string; possible?: boolean }[] = [
  { what: 'ignores TERM', script: `trap '' TERM; ${JOB}; :` },
  { what: 'is stopped', script: `echo "job $$"; kill -s STOP $$` },
  { what: 'has started a job in a group of its own', script: `setsid ${JOB}; :` },
  { what: 'has started a daemon', script: `(setsid ${JOB} &); sleep 1000` },
  {
    what: 'has a daemon that closes everything',
    script: `(setsid sh -c 'echo "job $$"; cd /; exec sleep 1000 <&- >&- 2>&-' &); sleep 1000`,
  },
  {
    what: 'has children with another environment',
    script: `env -i PATH="$PATH" ${JOB}; :`,
  },
  {
    what: 'has children with another environment in groups of their own',
    script: `env -i PATH="$PATH" setsid ${JOB}; :`,
  },
  { what: 'has a zombie', script: `sleep 0 & exec ${JOB}` },
  {
    what: 'changes its user',
    script: `exec setpriv --reuid=65534 --regid=65534 --clear-groups ${JOB}`,
    possible: isRoot,
  },
  {
    what: 'is in a pid namespace of its own',
    // It has another process id within its namespace.
    script: `unshare -Urpf sh -c 'read -r pid rest </proc/self/stat; echo "job $pid"; sleep 1000; :'`,
    possible: mayHaveNamespaces,
  },
]

describe.each(COMMANDS.filter(({ possible = true }) => possible))(
  'of a COMMAND that $what nothing is left',
  ({ script }) => {
    const started = async () => {
      const place = new Place()
      const running = place.start('lock', 'l', '--', 'sh', '-c', script)
      const job = Number((await running.says(/job (\d+)/))[1])
      return { place, running, job }
    }

    test('when rdv ends after a loss', async () => {
      const { place, running, job } = await started()
      await place.rdv('clear', '--all', 'l')
      expect(await running.exited).toBe(121)
      expect(isGone(job)).toBe(true)
    })

    test('when the next one has the lock after kill -9 of rdv', async () => {
      const { place, running, job } = await started()
      running.kill('SIGKILL')
      const next = await place.rdv('lock', 'l', '--timeout', '3m', '--', 'echo', 'next')
      expect(next).toMatchObject({ code: 0, stdout: 'next\n' })
      expect(isGone(job)).toBe(true)
    })
  },
)

test('a daemon that COMMAND leaves behind on a normal end is left alone', async () => {
  const place = new Place()
  const script = `setsid ${JOB} & read -r line`
  const running = place.startWithInput('lock', 'l', '--', 'sh', '-c', script)
  const job = Number((await running.says(/job (\d+)/))[1])
  running.stdin.end('\n')
  expect(await running.exited).toBe(0)
  expect(await place.rdv('lock', 'l', '--try', '--', 'true')).toMatchObject({ code: 0 })
  expect(isGone(job)).toBe(false)
  process.kill(job, 'SIGKILL')
})
