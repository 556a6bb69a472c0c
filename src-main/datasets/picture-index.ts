import { statPath } from '../files/regular-file.ts'
import { fingerprintOf } from './fingerprint.ts'
import { checkImageFile, type HeaderCheck } from './image-file.ts'
import { hashPicture } from './perceptual-hash.ts'
import { indexFileOf, readIndexFile, writeIndexFile } from './picture-index-file.ts'
import type { KeptGroups, PictureFacts } from './picture-index-file.ts'

type KeptText = 'hash' | 'turnedHash' | 'ends'

/**
 * What was found out about the pictures of a folder, kept from process to process so that a large folder is looked at once. A picture
 * whose size or time of change differs is looked at anew; one that cannot be used is looked at every time, so that mending it helps.
 */
export class PictureIndex {
  readonly #file: string | null
  readonly #pictures: Map<string, PictureFacts>
  #near: KeptGroups | null
  #isChanged = false

  private constructor(
    file: string | null,
    pictures: ReadonlyMap<string, PictureFacts>,
    near: KeptGroups | null,
  ) {
    this.#file = file
    this.#pictures = new Map(pictures)
    this.#near = near
  }

  /** @param cacheFolder - Null keeps nothing. @param dataset - The data set's folder. */
  static async open(cacheFolder: string | null, dataset: string): Promise<PictureIndex> {
    if (cacheFolder === null) {
      return new PictureIndex(null, new Map(), null)
    }
    const file = indexFileOf(cacheFolder, dataset)
    const { pictures, near } = await readIndexFile(file)
    return new PictureIndex(file, pictures, near)
  }

  /** As {@link checkImageFile}. */
  async check(path: string): Promise<HeaderCheck> {
    const facts = this.#pictures.get(path)
    const now = await statPath(path).catch(() => null)
    if (facts !== undefined && now?.size === facts.bytes && now.mtimeMs === facts.modified) {
      const { bytes, width, height, isTurned, isAnimated } = facts
      return { ok: true, header: { bytes, width, height, isTurned, isAnimated } }
    }
    const check = await checkImageFile(path)
    if (check.ok && now !== null) {
      this.#pictures.set(path, { ...check.header, modified: now.mtimeMs })
      this.#isChanged = true
    }
    return check
  }

  /** The perceptual hash of a picture that passed its check. @throws Error if it cannot be decoded. */
  hash(path: string, isTurned: boolean): Promise<string> {
    return this.#keep(path, isTurned ? 'turnedHash' : 'hash', () => hashPicture(path, isTurned))
  }

  /** A fingerprint of the beginning and the end of a file that passed its check. */
  ends(path: string, make: () => Promise<string>): Promise<string> {
    return this.#keep(path, 'ends', make)
  }

  /** Groups that depend on nothing but the texts of `parts`. */
  groups(parts: readonly string[], make: () => KeptGroups['groups']): KeptGroups['groups'] {
    const key = fingerprintOf(parts)
    if (this.#near?.key !== key) {
      this.#near = { key, groups: make() }
      this.#isChanged = true
    }
    return this.#near.groups
  }

  /** Writes what is new. */
  async save(): Promise<void> {
    if (this.#file !== null && this.#isChanged) {
      await writeIndexFile(this.#file, { pictures: this.#pictures, near: this.#near })
      this.#isChanged = false
    }
  }

  async #keep(path: string, name: KeptText, make: () => Promise<string>): Promise<string> {
    const found = this.#pictures.get(path)?.[name]
    if (found !== undefined) {
      return found
    }
    const value = await make()
    const facts = this.#pictures.get(path)
    if (facts !== undefined) {
      this.#pictures.set(path, { ...facts, [name]: value })
      this.#isChanged = true
    }
    return value
  }
}
