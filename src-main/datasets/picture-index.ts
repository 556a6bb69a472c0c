import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { checkImageFile, type HeaderCheck } from './image-file.ts'
import { hashPicture } from './perceptual-hash.ts'

/** What was found out about pictures, kept from process to process: a large folder is looked at once. */
export interface PictureIndex {
  /** As {@link checkImageFile}. */
  check(path: string): Promise<HeaderCheck>
  /** The perceptual hash of a picture that passed its check. @throws Error if it cannot be decoded. */
  hash(path: string, isTurned: boolean): Promise<string>
  /** A fingerprint of the beginning and the end of the file. */
  ends(path: string, make: () => Promise<string>): Promise<string>
  /** A result that depends on nothing but the texts of `parts`. */
  remember<T extends z.core.util.JSONType>(name: string, parts: Iterable<string>, make: () => T): T
  /** Writes what is new. */
  save(): Promise<void>
}

const VERSION = 1
const entrySchema = z.object({
  bytes: z.number(),
  modified: z.number(),
  width: z.number(),
  height: z.number(),
  isTurned: z.boolean(),
  isAnimated: z.boolean(),
  hash: z.string().optional(),
  turnedHash: z.string().optional(),
  ends: z.string().optional(),
})
type Entry = z.infer<typeof entrySchema>
const fileSchema = z.object({
  version: z.literal(VERSION),
  pictures: z.record(z.string(), entrySchema),
  results: z.record(z.string(), z.object({ key: z.string(), value: z.json() })),
})

/**
 * Opens what is known of the pictures of a folder. A picture whose size or time of change differs is looked at anew; one that cannot be
 * used is looked at every time, so that mending it helps.
 *
 * @param cacheFolder - Null keeps nothing.
 */
export async function openPictureIndex(cacheFolder: string | null, dataset: string): Promise<PictureIndex> {
  const folder = cacheFolder === null ? null : join(cacheFolder, 'pictures')
  const file =
    folder === null
      ? null
      : join(folder, `${createHash('sha256').update(dataset).digest('hex').slice(0, 16)}.json`)
  const known = file === null ? null : await readIndex(file)
  const pictures = new Map(Object.entries(known?.pictures ?? {}))
  const results = new Map(Object.entries(known?.results ?? {}))
  let isChanged = false
  const keep = async (
    path: string,
    name: 'hash' | 'turnedHash' | 'ends',
    make: () => Promise<string>,
  ): Promise<string> => {
    const found = pictures.get(path)?.[name]
    const value = found ?? (await make())
    const entry = pictures.get(path)
    if (entry !== undefined && found === undefined) {
      pictures.set(path, { ...entry, [name]: value })
      isChanged = true
    }
    return value
  }
  return {
    async check(path) {
      const entry = pictures.get(path)
      const now = await stat(path).catch(() => null)
      if (entry !== undefined && now?.size === entry.bytes && now.mtimeMs === entry.modified) {
        const { bytes, width, height, isTurned, isAnimated } = entry
        return { ok: true, header: { bytes, width, height, isTurned, isAnimated } }
      }
      const check = await checkImageFile(path)
      if (check.ok && now !== null) {
        pictures.set(path, { ...check.header, modified: now.mtimeMs })
        isChanged = true
      }
      return check
    },
    hash: (path, isTurned) => keep(path, isTurned ? 'turnedHash' : 'hash', () => hashPicture(path, isTurned)),
    ends: (path, make) => keep(path, 'ends', make),
    remember<T extends z.core.util.JSONType>(name: string, parts: Iterable<string>, make: () => T): T {
      const sum = createHash('sha256')
      for (const part of parts) {
        sum.update(part).update('\n')
      }
      const key = sum.digest('hex')
      const found = results.get(name)
      if (found?.key === key) {
        return found.value as T
      }
      const value = make()
      results.set(name, { key, value })
      isChanged = true
      return value
    },
    async save() {
      if (folder !== null && file !== null && isChanged) {
        await writeIndex(folder, file, pictures, results)
        isChanged = false
      }
    },
  }
}

async function readIndex(file: string): Promise<z.infer<typeof fileSchema> | null> {
  try {
    return fileSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    // Not written yet, of another version or damaged: everything is looked at anew.
    return null
  }
}

/** Several workers may end at once; each renames a whole file of its own, and all hold the same facts. */
async function writeIndex(
  folder: string,
  file: string,
  pictures: ReadonlyMap<string, Entry>,
  results: ReadonlyMap<string, { readonly key: string; readonly value: z.core.util.JSONType }>,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const own = `${file}.${String(process.pid)}.part`
  const content = {
    version: VERSION,
    pictures: Object.fromEntries(pictures),
    results: Object.fromEntries(results),
  }
  await writeFile(own, JSON.stringify(content))
  await rename(own, file)
}
