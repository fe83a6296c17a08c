import { type Process, processAt, readOf } from '../base/processes.ts'
import { CommandProcesses } from './command-processes.ts'
import type { Placement } from './terminal.ts'
import type { Watchdog } from './watchdog.ts'

/** How COMMAND was started. */
interface StartedCommand {
  readonly pid: number
  readonly mark: string
  readonly placement: Placement
}

/**
 * The processes of COMMAND, and which of them receive signals. When COMMAND is ended, all its processes are ended. By
 * placement, a forwarded signal reaches:
 *
 *     foreground   COMMAND alone, as from a shell that runs it
 *     terminal     its descendants, which cannot otherwise be distinguished from the rest of rdv's process group
 *     apart        its process group
 *
 * Processes of another user (`sudo job`) cannot be signalled. If their parent runs with another user's rights and can
 * be signalled (sudo), the parent forwards TERM to them. Such a parent is not killed as long as it has such children.
 */
export class CommandTree {
  readonly #command: StartedCommand
  readonly #leads: boolean
  readonly #processes: CommandProcesses
  readonly #watchdog: Pick<Watchdog, 'send'>
  readonly #terminated = new Set<Process>()

  constructor(command: StartedCommand, watchdog: Pick<Watchdog, 'send'>) {
    this.#command = command
    this.#leads = command.placement === 'apart'
    this.#processes = new CommandProcesses({ ...command, leads: this.#leads })
    this.#watchdog = watchdog
  }

  /** The id for kill(2): a process id, or the negative id of a process group. */
  get id(): number {
    return this.#leads ? -this.#command.pid : this.#command.pid
  }

  /** Records that the started process has ended. */
  ended(): void {
    this.#processes.commandEnded()
  }

  /** Forwards a signal that rdv received. Returns `false` if this process may not signal COMMAND. */
  forward(signal: NodeJS.Signals): boolean {
    const tree = this.#command.placement === 'terminal' ? this.#processes.descendants() : []
    const ids = tree.length > 0 ? tree.map(({ pid }) => pid) : [this.id]
    return ids.map((id) => this.#send(id, signal)).includes(true)
  }

  /**
   * Sends TERM to the processes of COMMAND. If COMMAND leads a process group, a process outside the group gets no TERM
   * when its parent belongs to COMMAND, because the parent is expected to end it.
   */
  terminate(): void {
    const all = this.#processes.scan()
    const inside = new Set(all.map(({ pid }) => pid))
    const isAsked = ({ pid, parent, group }: Process) =>
      this.#leads ? group === this.#command.pid || inside.has(parent) : pid === this.#command.pid
    this.#send(this.id, 'SIGTERM')
    for (const process of all) if (!isAsked(process)) this.#send(process.pid, 'SIGTERM')
  }

  /** Whether any process of COMMAND runs. */
  alive(): boolean {
    return this.#processes.running().length > 0 || this.#processes.scan().length > 0
  }

  /**
   * Kills every process that may be killed. Returns the processes that are left: they have not ended yet, or belong to
   * another user. If some were left before and known processes still run, only their descendants are searched for.
   */
  kill(before: readonly Process[] = []): Process[] {
    this.#kill(() => this.#processes.descendants())
    if (before.length === 0 || this.#processes.running().length === 0)
      this.#kill(() => this.#processes.scan())
    return this.#processes.running()
  }

  /** Whether this process was not killed because it forwards TERM to others. */
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

  /** Stops all processes, so that none starts a child that would be missed, or continues when another one dies. */
  #stopped(find: () => Process[]): Process[] {
    const stopped = new Set<Process>()
    for (;;) {
      const all = find()
      const fresh = all.filter((process) => !stopped.has(process) && !this.#terminated.has(process))
      for (const process of fresh) stopped.add(process)
      // Processes of another user cannot be stopped, and may start others forever.
      if (!fresh.map(({ pid }) => send(pid, 'SIGSTOP')).includes(undefined)) return all
    }
  }

  /** Sends TERM once, because some programs take a second TERM as an order to leave everything as it is. */
  #relay(process: Process): void {
    if (this.#terminated.has(process)) return
    this.#terminated.add(process)
    this.#send(process.pid, 'SIGTERM')
    send(process.pid, 'SIGCONT')
  }

  /**
   * If COMMAND is in the process group of this process, the watchdog sends the signal: sudo ignores signals from its
   * own group.
   */
  #send(id: number, signal: NodeJS.Signals): boolean {
    if (this.#leads || !this.#watchdog.send(id, signal)) return send(id, signal) !== 'EPERM'
    return send(id, 0) !== 'EPERM'
  }
}

/** Whether the process belongs to another user. */
export const isForeign = ({ pid }: Process): boolean => send(pid, 0) === 'EPERM'

/** The effective user id is the second one on the line. */
const hasOthersRights = ({ pid }: Process): boolean => {
  const [, uid] = /^Uid:\t\d+\t(\d+)/m.exec(readOf(pid, 'status') ?? '') ?? []
  return uid !== undefined && Number(uid) !== process.geteuid?.()
}

/** Returns the error code, if any: the process is gone, or belongs to another user. */
const send = (id: number, signal: NodeJS.Signals | 0): string | undefined => {
  try {
    process.kill(id, signal)
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}
