import { sampleRandom, shuffledIndices } from './sample-random.ts'

/**
 * Cuts a share of the groups (images or clips) out of a split, whole groups only: about `fraction` of them, at least one,
 * and at least one stays. Which ones depends on the seed and the sorted names alone.
 *
 * @throws RangeError for fewer than two groups.
 */
export function chooseGroups(
  names: readonly string[],
  fraction: number,
  seed: number,
  purpose: string,
): Set<string> {
  const sorted = [...new Set(names)].toSorted()
  if (sorted.length < 2) {
    throw new RangeError(`chooseGroups: needs two groups at least, got ${String(sorted.length)}`)
  }
  const count = Math.min(sorted.length - 1, Math.max(1, Math.round(sorted.length * fraction)))
  const order = shuffledIndices(sorted.length, sampleRandom(purpose, seed))
  return new Set(order.slice(0, count).map((index) => sorted[index] ?? ''))
}

/** Of a run that chose its networks on the report split. */
export const OFFICIAL_SEARCH =
  'searched on the report split, as the published code does: reported scores are those that chose the networks'
