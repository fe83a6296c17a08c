import { makeStdioBlocking } from './blocking.ts'
import { closeInherited } from './descriptors.ts'
import { commandError } from './errors.ts'
import { type ProgramStart, withExactEnvironment } from './exact-environment.ts'
import { executable } from './resolve.ts'
import { restoreSoftLimit } from './soft-limit.ts'

/**
 * Replaces this process by `command`: same process id, same descriptors 0 to 2, same signal mask. First it restores
 * what the runtime changed: ignored signals, the soft limit of open files, non-blocking standard streams. Descriptors
 * above 2 are closed.
 *
 * Does not return. Everything in memory is lost, including unwritten output.
 *
 * @throws CommandNotFoundError, CommandNotExecutableError
 */
export function replaceProcess(
  command: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): never {
  const program = restoreSoftLimit(executable(command, env), env)
  const start = withExactEnvironment({ program, env })
  restoreSignals()
  makeStdioBlocking()
  closeInherited()
  return become(command[0] ?? '', start)
}

// Exec keeps ignored signals ignored, and resets caught signals to their default.
function restoreSignals(): void {
  for (const signal of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(signal, () => {})
}

function become(name: string, { program: { file, argv }, env }: ProgramStart): never {
  if (!process.execve) throw new Error('this runtime cannot replace its process (process.execve)')
  try {
    return process.execve(file, argv, defined(env))
  } catch (error) {
    throw commandError(name, error)
  }
}

const defined = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
