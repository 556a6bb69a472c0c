import type { PictureFile, SplitName } from './dataset.ts'
import { FILES_AT_ONCE, mapLimited } from './map-limited.ts'
import { findLookalikes, groupNearDuplicates } from './near-duplicates.ts'
import { hashPicture } from './perceptual-hash.ts'
import type { FolderOptions } from './pose-dataset.ts'
import type { Identities } from './shared-pictures.ts'

type Hashes = ReadonlyMap<string, string>

/** Hashes by key, none where the run does not ask for them. A picture that cannot be decoded now looks like no other. */
export async function hashPictures(
  pictures: ReadonlyMap<string, PictureFile>,
  { config, index }: Pick<FolderOptions, 'config' | 'index'>,
): Promise<Hashes> {
  if (config.nearDuplicates === 'ignore' || config.searchSplit === 'official') {
    return new Map()
  }
  const hashed = await mapLimited([...pictures], FILES_AT_ONCE, async ([key, { path, isTurned }]) => {
    try {
      return [key, await (index?.hash(path, isTurned) ?? hashPicture(path, isTurned))] as const
    } catch {
      // What breaks in the middle is named when it is loaded; here it is only not compared.
      return [key, ''] as const
    }
  })
  return new Map(hashed)
}

/** Groups of those pictures among `keys` that look alike. */
export function findNearDuplicates(
  hashes: Hashes,
  keys: Iterable<string>,
  { index }: Pick<FolderOptions, 'index'>,
): readonly (readonly string[])[] {
  const hashed = pick(hashes, keys)
  const find = (): readonly (readonly string[])[] => groupNearDuplicates(hashed)
  const parts = Array.from(hashed, (pair) => pair.join(' '))
  return index?.groups(parts, find) ?? find()
}

function pick(hashes: Hashes, keys: Iterable<string>): Hashes {
  return new Map(
    [...keys].flatMap((key) => {
      const hash = hashes.get(key)
      return hash === undefined ? [] : [[key, hash] as const]
    }),
  )
}

/**
 * Warns of report pictures that look like one to train or search with: scores on them say little about new pictures. Copies of a whole
 * file are left to `describeShared`.
 */
export function describeLookalikes(
  hashes: Hashes,
  splits: Readonly<Record<SplitName, readonly string[]>>,
  identities: Identities,
): string[] {
  const known = new Set([...splits.train, ...splits.search])
  const copied = new Set(Array.from(known, (key) => identities.get(key) ?? key))
  const report = new Set(splits.report.filter((key) => !copied.has(identities.get(key) ?? key)))
  const found = findLookalikes(pick(hashes, known), pick(hashes, report))
  const [example] = found
  return example === undefined
    ? []
    : [
        `${found.size.toLocaleString('en-US')} of ${new Set(splits.report).size.toLocaleString('en-US')} report pictures look like training ` +
          `pictures (for example ${example.join(' and ')}): scores on them say little about new pictures`,
      ]
}

/** One identity for all pictures of a group, and for the copies of each. */
export function nearIdentities(identities: Identities, groups: readonly (readonly string[])[]): Identities {
  const leaders = new Map<string, string>()
  for (const [first = '', ...others] of groups) {
    const leader = identities.get(first) ?? first
    others.forEach((key) => leaders.set(identities.get(key) ?? key, leader))
  }
  return new Map(Array.from(identities, ([key, identity]) => [key, followLeader(leaders, identity)] as const))
}

/** A copy may lead to the leader of another group. */
function followLeader(leaders: ReadonlyMap<string, string>, identity: string): string {
  const seen = new Set<string>()
  let at = identity
  for (let next = leaders.get(at); next !== undefined && !seen.has(next); next = leaders.get(at)) {
    seen.add(next)
    at = next
  }
  return at
}

export function describeNear(groups: readonly (readonly string[])[]): string[] {
  const count = groups.reduce((sum, group) => sum + group.length, 0)
  return groups.length === 0
    ? []
    : [
        `${count.toLocaleString('en-US')} training pictures look alike in ${groups.length.toLocaleString('en-US')} groups, ` +
          `kept on one side of the search split (for example ${groups[0]?.slice(0, 2).join(' and ') ?? ''})`,
      ]
}
