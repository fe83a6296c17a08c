import { printable, redact } from '../../base/redact.ts'

/** The causes of an error, the nearest first. Each is one sentence, and says something new. */
export const causesOf = (error: unknown): string[] => {
  const told: string[] = [messageOf(error)]
  for (const cause of chainOf(error)) {
    const sentence = messageOf(cause)
    if (sentence && !told.some((before) => before.includes(sentence))) told.push(sentence)
  }
  return told.slice(1)
}

const messageOf = (error: unknown): string =>
  printable(redact(error instanceof Error ? error.message : String(error)))

/** The causes of an error, and their causes. Each error of an AggregateError is one cause. */
function* chainOf(error: unknown, seen = new Set<unknown>()): Generator<unknown> {
  if (!(error instanceof Error)) return
  const several = error instanceof AggregateError ? error.errors : []
  for (const cause of [error.cause, ...several]) {
    if (cause === undefined || seen.has(cause)) continue
    seen.add(cause)
    yield cause
    yield* chainOf(cause, seen)
  }
}
