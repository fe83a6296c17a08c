import { invocation } from '../invocation.ts'
import type { WaitProgress } from './progress.ts'

/** Runs `body`, which waits in a queue, and shows the holder on stderr. `body` passes the holder to `tell`. */
export const showingHolder = async <T>(
  name: string,
  body: (tell: HolderLine['tell']) => Promise<T>,
): Promise<T> => {
  const line = new HolderLine(name)
  try {
    return await body(line.tell)
  } finally {
    line[Symbol.dispose]()
  }
}

class HolderLine implements Disposable {
  readonly #name: string
  readonly #started = Date.now()
  #progress: WaitProgress | undefined
  #holder = ''
  #over = false

  constructor(name: string) {
    this.#name = name
  }

  /** Call it with the holder, and again with each new holder. `undefined` if the holder is not to be shown. */
  get tell(): ((holder: string) => void) | undefined {
    const { quiet, json } = invocation.style
    return quiet || json ? undefined : (holder) => void this.#tell(holder)
  }

  [Symbol.dispose](): void {
    this.#over = true
    this.#progress?.[Symbol.dispose]()
  }

  async #tell(holder: string): Promise<void> {
    this.#holder = holder
    const { WaitProgress } = await import('./progress.ts')
    if (this.#over) return
    this.#progress ??= new WaitProgress(this.#started)
    const reason = `held by ${this.#holder}`
    this.#progress.update([{ target: this.#name, reason, met: false }])
  }
}
