import { describe } from 'vitest'

/**
 * A part whose cases run at the same time as those of the neighbouring parts, because they wait most of their time. The
 * cases of one part run one after the other, and may share what its `beforeAll` starts.
 */
export const beside = (name: string, cases: () => void): void => {
  describe.concurrent(name, () => void describe('one by one', { concurrent: false }, cases))
}

/** Runs the same cases for each row, all rows at the same time. */
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
