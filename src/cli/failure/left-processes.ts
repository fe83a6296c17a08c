import { type Process, readOf } from '../../base/processes.ts'
import { printable } from '../../base/redact.ts'
import { isForeign } from '../../child/command-tree.ts'
import { note } from '../output/print.ts'

/** Prints which processes of COMMAND could not be ended after a loss, and what to do. */
export const reportLeft = (processes: readonly Process[]): void => {
  const foreign = processes.filter(isForeign)
  const stuck = processes.filter((process) => !foreign.includes(process))
  if (foreign.length > 0)
    note(`${left(foreign, BELONG)}. To end ${them(foreign)}: sudo kill ${idsOf(foreign)}`)
  if (stuck.length > 0) note(left(stuck, LIVE_ON))
}

/** Prints that a signal did not reach COMMAND. */
export const reportRefused = (signal: NodeJS.Signals, target: number): void => {
  const pid = Math.abs(target)
  note(
    `${signal} was not forwarded: COMMAND (process ${pid}) belongs to another user. Send it yourself: sudo kill -s ${signal.slice(3)} ${pid}`,
  )
}

/** A phrase about one process, and about several. */
type Forms = readonly [one: string, several: string]

const BELONG: Forms = ['belongs to another user', 'belong to another user']
const LIVE_ON: Forms = ['was killed but is still running', 'were killed but are still running']

const left = (processes: readonly Process[], [one, several]: Forms): string => {
  const names = processes.map(described).join(', ')
  const subject = processes.length > 1 ? `processes ${names} ${several}` : `process ${names} ${one}`
  return `COMMAND cannot be ended: its ${subject}. rdv waits for ${them(processes)} and keeps its session alive as long as the store allows`
}

const them = ({ length }: readonly Process[]): string => (length > 1 ? 'them' : 'it')

const idsOf = (processes: readonly Process[]): string => processes.map(({ pid }) => pid).join(' ')

const described = ({ pid }: Process): string => {
  const name = readOf(pid, 'comm')?.trim()
  return name ? `${pid} (${printable(name)})` : String(pid)
}
