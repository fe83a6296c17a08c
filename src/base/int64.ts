const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n

export const isInt64 = (number: bigint): boolean => number >= MIN && number <= MAX

/** Parses decimal text as a signed 64-bit integer; `undefined` if it is not one. Surrounding white space is ignored. */
export const parseInt64 = (text: string): bigint | undefined => {
  const trimmed = text.trim()
  if (!/^[+-]?\d{1,40}$/.test(trimmed)) return undefined
  const number = BigInt(trimmed)
  return isInt64(number) ? number : undefined
}
