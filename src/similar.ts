/** The candidate that a person most likely meant: at most two letters off; `undefined` where none is that near. */
export const mostSimilar = (text: string, candidates: readonly string[]): string | undefined => {
  const near = candidates
    .map((candidate) => ({ candidate, distance: editDistance(text, candidate) }))
    .filter(({ candidate, distance }) => distance <= 2 && distance < candidate.length - 1)
    .sort((one, other) => one.distance - other.distance)
  return near[0]?.candidate
}

/** Levenshtein's distance. */
const editDistance = (one: string, other: string): number => {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [index, letter] of [...one].entries()) row = nextRow(row, index + 1, letter, other)
  return row.at(-1) ?? 0
}

const nextRow = (above: number[], first: number, letter: string, other: string): number[] => {
  const row = [first]
  for (const [index, candidate] of [...other].entries()) {
    const replaced = (above[index] ?? 0) + (letter === candidate ? 0 : 1)
    row.push(Math.min(replaced, (above[index + 1] ?? 0) + 1, (row[index] ?? 0) + 1))
  }
  return row
}
