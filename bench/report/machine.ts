import { execFileSync } from 'node:child_process'
import { arch, cpus, loadavg, release, type } from 'node:os'
import { findProgram } from '../../test/services/fetch.ts'
import { type ProgramName, programEnvironment } from '../../test/services/programs.ts'

/** The facts about a run, in the order in which they are printed. */
export type Machine = readonly (readonly [what: string, value: string])[]

/** Describes when, where and with which programs a run begins. */
export const describeMachine = (rounds: number): Machine => {
  const [one] = cpus()
  return [
    ['Date', new Date().toISOString().slice(0, 10)],
    ['CPU', `${cpus().length} × ${one?.model.trim()}, ${arch()}`],
    ['Kernel', `${type()} ${release()}`],
    ['Load at the start', (loadavg()[0] ?? 0).toFixed(2)],
    ['Node', process.version],
    ['etcd', versionOf('etcd', '--version')],
    ['Consul', versionOf('consul', '--version')],
    ['Rounds', String(rounds)],
  ]
}

const versionOf = (name: ProgramName, flag: string): string => {
  const program = findProgram(name)
  const said = execFileSync(program.path, [flag], {
    encoding: 'utf8',
    env: programEnvironment(program),
  })
  return /\d+\.\d+\.\d+\S*/.exec(said)?.[0] ?? 'unknown'
}
