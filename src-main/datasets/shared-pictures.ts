import { createHash } from 'node:crypto'
import { openRegularFile } from '../files/regular-file.ts'
import { FILES_AT_ONCE, mapLimited } from './map-limited.ts'
import type { PictureIndex } from './picture-index.ts'
import type { SplitName } from './dataset.ts'

export interface PictureToIdentify {
  readonly key: string
  readonly path: string
  readonly bytes: number
}

/** What a picture is by its content: equal for copies under different names. */
export type Identities = ReadonlyMap<string, string>

/** So much of the beginning and of the end is compared; pictures that differ nowhere there are the same for our purpose. */
const COMPARED_BYTES = 64 * 1024

/**
 * Finds pictures with the same content. Only files with the same number of bytes are read, and of those the first and last 64 KiB.
 *
 * @returns By key; the key itself where no other picture has that content.
 */
export async function identifyPictures(
  pictures: readonly PictureToIdentify[],
  index?: PictureIndex,
): Promise<Identities> {
  const bySize = Map.groupBy(pictures, ({ bytes }) => bytes)
  const doubtful = [...bySize.values()].filter((group) => group.length > 1).flat()
  const hashed = await mapLimited(doubtful, FILES_AT_ONCE, async (picture) => ({
    key: picture.key,
    content: await (index?.ends(picture.path, () => fingerprintEnds(picture)) ?? fingerprintEnds(picture)),
  }))
  const first = new Map<string, string>()
  const identities = new Map(pictures.map(({ key }) => [key, key]))
  for (const { key, content } of hashed.toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    identities.set(key, first.get(content) ?? key)
    first.set(content, first.get(content) ?? key)
  }
  return identities
}

async function fingerprintEnds({ path, bytes }: PictureToIdentify): Promise<string> {
  const file = await openRegularFile(path, { code: 'DATASET' })
  try {
    const head = Buffer.alloc(Math.min(bytes, COMPARED_BYTES))
    const tail = Buffer.alloc(Math.min(bytes, COMPARED_BYTES))
    await file.read(head, 0)
    await file.read(tail, bytes - tail.length)
    return createHash('sha256').update(String(bytes)).update(head).update(tail).digest('hex')
  } finally {
    await file.close()
  }
}

const PAIRS: readonly (readonly [SplitName, SplitName])[] = [
  ['search', 'report'],
  ['train', 'report'],
  ['train', 'search'],
]

export interface SharedPictures {
  readonly warnings: readonly string[]
  readonly searchSeesReport: boolean
}

/**
 * Warnings for pictures that two splits share, by file or by content: scores on them say little about new pictures.
 *
 * @param splits - Picture keys of each split.
 */
export function describeShared(
  splits: Readonly<Record<SplitName, readonly string[]>>,
  identities: Identities,
): SharedPictures {
  const byContent = (keys: readonly string[]): Map<string, string> =>
    new Map(keys.map((key) => [identities.get(key) ?? key, key]))
  let searchSeesReport = false
  const warnings = PAIRS.flatMap(([first, second]) => {
    const left = byContent(splits[first])
    const right = byContent(splits[second])
    const shared = [...left].flatMap(([content, key]) => {
      const other = right.get(content)
      return other === undefined ? [] : [other === key ? key : `${key} = ${other}`]
    })
    if (shared.length === 0) {
      return []
    }
    searchSeesReport ||= first === 'search' && second === 'report'
    return shared.length === left.size && shared.length === right.size
      ? [`${first} and ${second} split are the same ${String(shared.length)} pictures`]
      : [
          `${first} and ${second} split share ${String(shared.length)} pictures, for example ${shared[0] ?? ''}`,
        ]
  })
  return { warnings, searchSeesReport }
}
