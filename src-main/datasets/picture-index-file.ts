import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fingerprintOf } from './fingerprint.ts'
import { isRecord } from './json-values.ts'

/** What is known of a picture that passed its check. */
export interface PictureFacts {
  /** Size and time of change of the file that was looked at. */
  readonly bytes: number
  readonly modified: number
  readonly width: number
  readonly height: number
  readonly isTurned: boolean
  readonly isAnimated: boolean
  readonly hash?: string
  readonly turnedHash?: string
  readonly ends?: string
}

/** Groups of keys, and the fingerprint of what they follow from. */
export interface KeptGroups {
  readonly key: string
  readonly groups: readonly (readonly string[])[]
}

export interface IndexContent {
  /** By path. */
  readonly pictures: ReadonlyMap<string, PictureFacts>
  readonly near: KeptGroups | null
}

/** Another version is not read: what it took for sound was looked at less closely. */
const VERSION = 2
const NOTHING: IndexContent = { pictures: new Map(), near: null }

export function indexFileOf(cacheFolder: string, dataset: string): string {
  return join(cacheFolder, 'pictures', `${fingerprintOf([dataset])}.json`)
}

/** Nothing where the file is not there, of another version or damaged: then everything is looked at anew. */
export async function readIndexFile(file: string): Promise<IndexContent> {
  try {
    const content: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (!isRecord(content) || content['version'] !== VERSION || !isRecord(content['pictures'])) {
      return NOTHING
    }
    const pictures = Object.entries(content['pictures']).flatMap(([path, facts]) =>
      isFacts(facts) ? [[path, facts] as const] : [],
    )
    return { pictures: new Map(pictures), near: isGroups(content['near']) ? content['near'] : null }
  } catch {
    return NOTHING
  }
}

/** Several workers may end at once; each renames a whole file of its own, and all hold the same facts. */
export async function writeIndexFile(file: string, { pictures, near }: IndexContent): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true })
  const own = `${file}.${String(process.pid)}.part`
  await writeFile(own, JSON.stringify({ version: VERSION, pictures: Object.fromEntries(pictures), near }))
  await rename(own, file)
}

function isFacts(value: unknown): value is PictureFacts {
  const isText = (text: unknown): boolean => text === undefined || typeof text === 'string'
  return (
    isRecord(value) &&
    ['bytes', 'modified', 'width', 'height'].every((name) => typeof value[name] === 'number') &&
    ['isTurned', 'isAnimated'].every((name) => typeof value[name] === 'boolean') &&
    ['hash', 'turnedHash', 'ends'].every((name) => isText(value[name]))
  )
}

function isGroups(value: unknown): value is KeptGroups {
  const isGroup = (group: unknown): boolean =>
    Array.isArray(group) && group.every((key) => typeof key === 'string')
  return (
    isRecord(value) &&
    typeof value['key'] === 'string' &&
    Array.isArray(value['groups']) &&
    value['groups'].every(isGroup)
  )
}
