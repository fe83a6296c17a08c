import { describe } from 'vitest'

/**
 * The cases of every part that begins like this run beside those of its neighbours: most of their time they wait. The cases
 * of one part follow each other, and may share what its `beforeAll` starts.
 */
export const beside = (name: string, cases: () => void): void => {
  describe.concurrent(name, () => void describe('one by one', { concurrent: false }, cases))
}

/** The same cases for each row, all rows at the same time. */
export const besideEach = <Row extends object>(
  rows: readonly Row[],
  name: string,
  cases: (row: Row) => void,
): void => {
  describe.concurrent.each(rows)(
    name,
    (row) => void describe('one by one', { concurrent: false }, () => cases(row as Row)),
  )
}
