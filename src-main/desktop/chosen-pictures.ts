import { basename } from 'node:path'
import { MOST_PICTURE_BYTES } from '../contract/index.ts'
import { readRegularFile, statPath } from '../files/regular-file.ts'
import type { ChosenPicture } from '../../src-preload/bridge.ts'

/** Reads what somebody chose; of a file that is too large, or cannot be read, the name and size alone. */
export function readChosenPictures(paths: readonly string[]): Promise<readonly ChosenPicture[]> {
  return Promise.all(
    paths.map(async (path) => {
      const name = basename(path)
      const bytes = await statPath(path).then(
        ({ size }) => size,
        () => 0,
      )
      // Unreadable is an answer: the window names the file.
      const content = await readRegularFile(path, { mostBytes: MOST_PICTURE_BYTES }).then(toBytes, () => null)
      return { name, bytes, content }
    }),
  )
}

function toBytes(content: Buffer): Uint8Array<ArrayBuffer> {
  return new Uint8Array(content)
}
