import { makeStdioBlocking } from './blocking.ts'
import { closeInherited } from './descriptors.ts'
import { commandError } from './errors.ts'
import { type Start, withExactEnvironment } from './exact-environment.ts'
import { executable } from './resolve.ts'
import { restoreSoftLimit } from './soft-limit.ts'

/**
 * Becomes `command`: same process id, same descriptors 0 to 2, same signal mask. What the runtime changed is
 * put back first: signals that it ignores, the soft limit of open files, non-blocking standard streams.
 * Descriptors above 2 are closed.
 *
 * Does not return. Whatever the process still held in memory, unwritten output included, is gone.
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

// Ignored signals stay ignored across exec, caught ones are reset to their default.
function restoreSignals(): void {
  for (const signal of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(signal, () => {})
}

function become(name: string, { program: { file, argv }, env }: Start): never {
  if (!process.execve) throw new Error('this runtime cannot replace its process (process.execve)')
  try {
    return process.execve(file, argv, defined(env))
  } catch (error) {
    throw commandError(name, error)
  }
}

const defined = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
