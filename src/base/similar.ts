/**
 * The candidate that the user most likely meant: at most two letters differ. `undefined` if no candidate is that
 * similar.
 */
export const mostSimilar = (text: string, candidates: readonly string[]): string | undefined => {
  const near = candidates
    .filter((candidate) => Math.abs(candidate.length - text.length) <= 2)
    .map((candidate) => ({ candidate, distance: editDistance(text, candidate) }))
    .filter(({ candidate, distance }) => distance <= 2 && distance < candidate.length - 1)
    .sort((one, other) => one.distance - other.distance)
  return near[0]?.candidate
}

/** Levenshtein's distance, but an exchange of two neighbours counts as one error: optimal string alignment. */
const editDistance = (one: string, other: string): number => {
  const rows: number[][] = []
  while (rows.length <= one.length) rows.push(nextRow(rows, one, other))
  return rows.at(-1)?.at(-1) ?? 0
}

/** The distances from the first letters of `one`, as many as there are rows, to every prefix of `other`. */
const nextRow = (rows: readonly (readonly number[])[], one: string, other: string): number[] => {
  const i = rows.length
  const row = [i]
  const above = (up: number, at: number) => rows[i - up]?.[at] ?? Number.POSITIVE_INFINITY
  for (let j = 1; j <= other.length; j++) {
    const replaced = above(1, j - 1) + (one[i - 1] === other[j - 1] ? 0 : 1)
    const exchanged = one[i - 2] === other[j - 1] && one[i - 1] === other[j - 2]
    const left = row[j - 1] ?? 0
    row.push(
      Math.min(replaced, above(1, j) + 1, left + 1, exchanged ? above(2, j - 2) + 1 : left + 1),
    )
  }
  return row
}
