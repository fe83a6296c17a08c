import type { Traits } from './backend.ts'

const REACH: Readonly<Record<Traits['reach'], string>> = {
  process: 'one process',
  machine: 'one machine',
  network: 'the network',
}

/** The names of the values that `describeTraits` returns, for users and in the same order. */
export const TRAIT_NAMES: readonly string[] = [
  'reach',
  'minimum TTL',
  'maximum TTL',
  'default TTL',
  'keys of a dead holder are removed',
  'maximum commit',
  'waiters',
]

/** The traits in words, in the order of `TRAIT_NAMES`. */
export const describeTraits = (traits: Traits): string[] => [
  REACH[traits.reach],
  durationText(traits.minTtl),
  durationText(traits.maxTtl),
  durationText(traits.defaultTtl),
  `${traits.seesDeath ? 'at once; at the latest ' : ''}within ${traits.expiryFactor === 1 ? 'the TTL' : '2 × the TTL'}`,
  `${Math.floor(traits.maxCommitBytes / 1024)} KiB, ${traits.maxCommitOperations} operations`,
  traits.waiters === 'known' ? 'listed' : 'listed with `--announce`',
]

const UNITS = [
  ['years', 365 * 24 * 3_600_000],
  ['h', 3_600_000],
  ['s', 1_000],
  ['ms', 1],
] as const

const durationText = (milliseconds: number): string => {
  const [unit, size] = UNITS.find(([, size]) => milliseconds >= size) ?? ['ms', 1]
  return `${Math.floor(milliseconds / size)} ${unit}`
}
