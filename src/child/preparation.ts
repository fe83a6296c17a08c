import { type Guard, startGuard } from './guard.ts'
import { launch } from './launch.ts'
import { restoreSoftLimit } from './soft-limit.ts'

/** What COMMAND's start needs and takes a while to have. */
export interface Prepared {
  readonly guard: Guard
  readonly execa: typeof import('execa').execa
}

/**
 * Gets everything ready for COMMAND while its turn is waited for, so that the next holder begins when the one before
 * has ended, and not tens of milliseconds later.
 */
export class Preparation {
  #prepared: Promise<Prepared> | undefined

  /** Begins; done already, it does nothing. */
  begin(): void {
    if (this.#prepared) return
    this.#prepared = prepare().then(rehearse)
    this.#prepared.catch(() => {}) // told to who takes it
  }

  /** For one start: who has it ends the guard. */
  take(): Promise<Prepared> {
    const prepared = this.#prepared ?? prepare()
    this.#prepared = undefined
    return prepared
  }

  /** No COMMAND will be started. Never rejects. */
  async discard(): Promise<void> {
    const prepared = await this.#prepared?.catch(() => undefined)
    this.#prepared = undefined
    prepared?.guard.done()
  }
}

const prepare = async (): Promise<Prepared> => {
  const guard = startGuard()
  try {
    const { execa } = await import('execa')
    return { guard, execa }
  } catch (error) {
    guard.done()
    throw error
  }
}

/** The first start of a program takes twice as long as the next one: what it loads and compiles is there then. */
const rehearse = async ({ execa, guard }: Prepared): Promise<Prepared> => {
  const program = { file: '/bin/sh', argv: ['sh', '-c', ':'] }
  const limited = restoreSoftLimit(program, process.env)
  const { ended } = launch({ execa, name: 'sh', program: limited, env: {}, detached: true })
  await ended.catch(() => {}) // there is none
  return { execa, guard }
}
