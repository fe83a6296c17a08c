import { isProbeUrl } from '../../probes/open.ts'
import { type Limits, withDeadline } from '../../recipes/core/deadline.ts'
import type { Namespace } from '../../recipes/core/namespace.ts'
import { looksLikePattern } from '../../recipes/core/patterns.ts'
import { counterpart } from '../../recipes/core/similar-names.ts'
import type { Progress } from '../../recipes/wait/tally.ts'
import { targetNames } from '../../recipes/wait/wait-targets.ts'
import { invocation } from '../invocation.ts'
import { note } from '../output/print.ts'
import { programAmong } from './missing-dashes.ts'
import { hintAtPatterns } from './pattern-hints.ts'

/** In milliseconds. A wait that ends sooner needs no hint. */
const HINT_AFTER = 1_000

/** The time limit for the answers of the store, in milliseconds. */
const HINT_LIMIT = 300

/**
 * Prints notes about targets that the user probably meant differently. Prints them once: when the wait has lasted for
 * `HINT_AFTER`, or when it has timed out.
 */
export class WaitHints implements Disposable {
  readonly #open: (signal: AbortSignal) => Promise<Namespace>
  readonly #timer: NodeJS.Timeout | undefined
  #state: Progress = []
  #told: Promise<void> | undefined

  constructor(open: (signal: AbortSignal) => Promise<Namespace>) {
    this.#open = open
    if (!isSilent()) this.#timer = setTimeout(() => void this.tell(), HINT_AFTER).unref()
  }

  update(state: Progress): void {
    this.#state = state
  }

  tell(): Promise<void> {
    this.#told ??= isSilent() ? Promise.resolve() : this.#tell().catch(() => {})
    return this.#told
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  async #tell(): Promise<void> {
    const pending = this.#state.filter(({ met }) => !met)
    const names = storedNames(pending.map(({ target }) => target))
    if (names.length === 0) return
    const targets = this.#state.map(({ target }) => target)
    const program = await programAmong(targets, names)
    if (program !== undefined)
      note(`waiting for a key named ${program}: to run it as COMMAND, write -- before it`)
    await withDeadline({ timeout: HINT_LIMIT }, async (signal) => {
      const namespace = await this.#open(signal)
      await tellCounterparts(namespace, names, signal)
    })
  }
}

const isSilent = (): boolean => invocation.style.quiet || invocation.style.json

/** The names of the keys and groups among targets. */
export const storedNames = (targets: readonly string[]): string[] =>
  targets.filter((target) => !isProbeUrl(target)).map((target) => target.replace(/=.*$/s, ''))

/** Prints a note for `rdv wait deploy` where only the group `deploy/` exists, and for the reverse case. */
const tellCounterparts = async (
  namespace: Namespace,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> => {
  for (const name of names) {
    const other = await counterpart(namespace, name, signal)
    if (other?.endsWith('/'))
      note(`there is no key ${name}, but there is a group ${other}: did you mean ${other}?`)
    else if (other)
      note(`the group ${name} is empty, but there is a key ${other}: did you mean ${other}?`)
  }
}

/**
 * Prints a note for each absent target that looks like a pattern: patterns are not supported. Never rejects, because
 * the wait itself reports a malformed target.
 */
export const hintAtTargets = async (
  open: (signal: AbortSignal) => Promise<Namespace>,
  targets: readonly string[],
  limits: Limits,
): Promise<void> => {
  if (!targets.some(looksLikePattern)) return
  await withDeadline(limits, async (signal) => {
    const names = storedNames(targetNames(targets))
    if (names.some(looksLikePattern))
      await hintAtPatterns(await open(signal), 'signal', names, signal)
  }).catch(() => {})
}
