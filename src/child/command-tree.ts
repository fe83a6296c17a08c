import { type Process, processAt, readOf } from '../base/processes.ts'
import { CommandProcesses } from './command-processes.ts'
import type { Placement } from './terminal.ts'
import type { Watchdog } from './watchdog.ts'

/** How COMMAND was started. */
interface Start {
  readonly pid: number
  readonly mark: string
  readonly placement: Placement
}

/**
 * What COMMAND consists of, and what signals reach. Its end extends to all of its processes.
 *
 *     foreground   COMMAND alone, as from a shell that runs it
 *     terminal     its descendants, which cannot be told from the rest of our group otherwise
 *     apart        its process group
 *
 * Processes of another user (`sudo job`) may not be signalled. Those above them that run with another user's rights, and may
 * be (sudo), hand TERM on: they are not killed as long as they have such children.
 */
export class CommandTree {
  readonly #start: Start
  readonly #leads: boolean
  readonly #processes: CommandProcesses
  readonly #watchdog: Pick<Watchdog, 'send'>
  readonly #terminated = new Set<Process>()

  constructor(start: Start, watchdog: Pick<Watchdog, 'send'>) {
    this.#start = start
    this.#leads = start.placement === 'apart'
    this.#processes = new CommandProcesses({ ...start, leads: this.#leads })
    this.#watchdog = watchdog
  }

  /** As kill(2) takes it: a process id, or the negative id of a process group. */
  get id(): number {
    return this.#leads ? -this.#start.pid : this.#start.pid
  }

  /** The process that was started has ended. */
  ended(): void {
    this.#processes.commandEnded()
  }

  /** Hands on a signal that rdv was sent; `false` where it may not. */
  forward(signal: NodeJS.Signals): boolean {
    const tree = this.#start.placement === 'terminal' ? this.#processes.descendants() : []
    const ids = tree.length > 0 ? tree.map(({ pid }) => pid) : [this.id]
    return ids.map((id) => this.#send(id, signal)).includes(true)
  }

  /** Asks every process to end that nobody else of it will ask. */
  terminate(): void {
    const all = this.#processes.scan()
    const inside = new Set(all.map(({ pid }) => pid))
    const isAsked = ({ pid, parent, group }: Process) =>
      this.#leads ? group === this.#start.pid || inside.has(parent) : pid === this.#start.pid
    this.#send(this.id, 'SIGTERM')
    for (const process of all) if (!isAsked(process)) this.#send(process.pid, 'SIGTERM')
  }

  /** Whether anything of it runs. */
  alive(): boolean {
    return this.#processes.running().length > 0 || this.#processes.scan().length > 0
  }

  /**
   * Ends every process that may be ended. Those that are left have not ended yet, or belong to another user. As long as
   * there are some that were left before, only those below them are looked for.
   */
  kill(before: readonly Process[] = []): Process[] {
    this.#kill(() => this.#processes.descendants())
    if (before.length === 0 || this.#processes.running().length === 0)
      this.#kill(() => this.#processes.scan())
    return this.#processes.running()
  }

  /** Whether it lives on to hand TERM on to others. */
  spares(process: Process): boolean {
    return this.#terminated.has(process)
  }

  #kill(find: () => Process[]): void {
    const all = this.#stopped(find)
    const foreign = all.filter(isForeign)
    if (this.#leads && foreign.length === 0) send(this.id, 'SIGKILL')
    const parents = new Set(foreign.map(({ pid }) => processAt(pid)?.parent))
    for (const process of all) {
      if (foreign.includes(process)) continue
      if (parents.has(process.pid) && hasOthersRights(process)) this.#relay(process)
      else send(process.pid, 'SIGKILL')
    }
  }

  /** All, so that none starts a child that we would miss, or goes on when another one dies. */
  #stopped(find: () => Process[]): Process[] {
    const stopped = new Set<Process>()
    for (;;) {
      const all = find()
      const fresh = all.filter((process) => !stopped.has(process) && !this.#terminated.has(process))
      for (const process of fresh) stopped.add(process)
      // Those of another user go on, and may start others for ever.
      if (!fresh.map(({ pid }) => send(pid, 'SIGSTOP')).includes(undefined)) return all
    }
  }

  /** Once: some take the second TERM for an order to leave everything as it is. */
  #relay(process: Process): void {
    if (this.#terminated.has(process)) return
    this.#terminated.add(process)
    this.#send(process.pid, 'SIGTERM')
    send(process.pid, 'SIGCONT')
  }

  /** By the watchdog where we are in COMMAND's group: sudo heeds no signal from there. */
  #send(id: number, signal: NodeJS.Signals): boolean {
    if (this.#leads || !this.#watchdog.send(id, signal)) return send(id, signal) !== 'EPERM'
    return send(id, 0) !== 'EPERM'
  }
}

/** Whether it belongs to another user. */
export const isForeign = ({ pid }: Process): boolean => send(pid, 0) === 'EPERM'

/** The second one of its user ids is in effect. */
const hasOthersRights = ({ pid }: Process): boolean => {
  const [, uid] = /^Uid:\t\d+\t(\d+)/m.exec(readOf(pid, 'status') ?? '') ?? []
  return uid !== undefined && Number(uid) !== process.geteuid?.()
}

/** The code of the failure, if any: gone, or of another user. */
const send = (id: number, signal: NodeJS.Signals | 0): string | undefined => {
  try {
    process.kill(id, signal)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}
