/**
 * The error that `work` rejects with; `undefined` if it resolves. Use it where the error is expected later than here: if
 * tests run at the same time, Vitest assigns an `expect(…).rejects` that is not awaited at once to another test.
 */
export const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )
