import { HASH_BITS, hashDistance, hashWords } from './perceptual-hash.ts'

/**
 * Pictures whose hashes differ in at most so many of 144 bits count as one. Measured: of 2,600 LSPET and 242 COCO pictures three pairs lie
 * within it, all three the same photograph; copies at half size, at quality 30 or of other brightness lie within it mostly (medians 1 to
 * 9), frames of CamVid's standing car too.
 */
export const NEAR_BITS = 16

/** Two hashes that differ in at most 17 bits agree in one of 18 bytes. */
const BAND_BITS = 8
const BANDS = HASH_BITS / BAND_BITS

/**
 * Groups pictures that look alike, also over a chain of others that look alike.
 *
 * @param hashes - By key.
 * @returns The members of each group of two or more, each group and the list sorted.
 */
export function groupNearDuplicates(hashes: ReadonlyMap<string, string>): readonly (readonly string[])[] {
  const keys = [...hashes.keys()].filter((key) => hashes.get(key) !== '').toSorted()
  const words = keys.map((key) => hashWords(hashes.get(key) ?? ''))
  const leader = Int32Array.from(keys.keys())
  const find = (index: number): number => {
    let at = index
    while (leader[at] !== at) {
      leader[at] = leader[leader[at] ?? at] ?? at
      at = leader[at] ?? at
    }
    return at
  }
  for (let band = 0; band < BANDS; band++) {
    for (const bucket of bucketsOf(words, band)) {
      joinBucket(bucket, words, find, leader)
    }
  }
  const groups = Map.groupBy(keys.keys(), find)
  return [...groups.values()]
    .filter((members) => members.length > 1)
    .map((members) => members.map((index) => keys[index] ?? ''))
}

/**
 * Pictures that look like one of the known.
 *
 * @param known - Hashes by key; `others` likewise.
 * @returns By key of the others, the first of the known in order that it looks like.
 */
export function findLookalikes(
  known: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const keys = [...known.keys()].filter((key) => known.get(key) !== '').toSorted()
  const words = keys.map((key) => hashWords(known.get(key) ?? ''))
  const bands = Array.from({ length: BANDS }, (_, band) => bucketsOf(words, band))
  const found = new Map<string, string>()
  for (const [key, hash] of others) {
    const own = hash === '' ? null : hashWords(hash)
    const near = own === null ? [] : bands.flatMap((buckets, band) => buckets[bandOf(own, band)] ?? [])
    const alike = near.filter((index) => {
      const other = words[index]
      return own !== null && other !== undefined && hashDistance(own, other) <= NEAR_BITS
    })
    if (alike.length > 0) {
      found.set(key, keys[Math.min(...alike)] ?? '')
    }
  }
  return found
}

function joinBucket(
  bucket: readonly number[],
  words: readonly Uint32Array[],
  find: (index: number) => number,
  leader: Int32Array,
): void {
  for (const [at, first] of bucket.entries()) {
    const own = words[first]
    for (let next = at + 1; next < bucket.length; next++) {
      const second = bucket[next] ?? first
      const other = words[second]
      if (own !== undefined && other !== undefined && hashDistance(own, other) <= NEAR_BITS) {
        leader[find(second)] = find(first)
      }
    }
  }
}

function bucketsOf(words: readonly Uint32Array[], band: number): readonly number[][] {
  const buckets: number[][] = Array.from({ length: 2 ** BAND_BITS }, () => [])
  words.forEach((hash, index) => {
    buckets[bandOf(hash, band)]?.push(index)
  })
  return buckets
}

function bandOf(hash: Uint32Array, band: number): number {
  return ((hash[Math.floor(band / 4)] ?? 0) >>> ((band % 4) * BAND_BITS)) & (2 ** BAND_BITS - 1)
}
