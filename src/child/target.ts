import { childrenOf, isRunning, type ProcessIdentity, treeOf } from './process-tree.ts'

/** The processes that COMMAND consists of. */
export interface Target {
  /** As kill(2) takes it: a process id, or the negative id of a process group. */
  readonly id: number
  /** Hands on a signal that rdv was sent. */
  forward(signal: NodeJS.Signals): void
  /** Asks every process to end. */
  terminate(): void
  /** Ends every process, those that `terminate` reached and that have left their parent since included. */
  kill(): void
  /** Whether a process that was asked to end still runs. */
  alive(): boolean
}

/** COMMAND in a process group of its own. Whoever leaves the group (a daemon) is out of reach. */
export function groupTarget(pid: number): Target {
  return {
    id: -pid,
    forward: (signal) => send(-pid, signal),
    terminate: () => send(-pid, 'SIGTERM'),
    kill: () => send(-pid, 'SIGKILL'),
    alive: () => send(-pid, 0),
  }
}

/**
 * COMMAND in our own process group, with the other members of a pipeline: signals go to it alone, as from a shell
 * that runs it, and its end extends to its descendants.
 */
export function treeTarget(pid: number): Target {
  let asked: ProcessIdentity[] = []
  return {
    id: pid,
    forward: (signal) => send(pid, signal),
    terminate() {
      asked = treeOf(pid)
      for (const process of asked) send(process.pid, 'SIGTERM')
    },
    kill() {
      killTree(pid)
      for (const process of asked) if (isRunning(process)) killTree(process.pid)
    },
    alive: () => asked.some(isRunning),
  }
}

// Stopped first, so that it neither starts a child that we would miss nor goes on when one dies.
function killTree(pid: number): void {
  send(pid, 'SIGSTOP')
  const children = childrenOf(pid)
  send(pid, 'SIGKILL')
  for (const child of children) killTree(child)
}

// Gone, or of another user (a setuid program): there is nothing more that we could do.
function send(id: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(id, signal)
  } catch {
    return false
  }
}
