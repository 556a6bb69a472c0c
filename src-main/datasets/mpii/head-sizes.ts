import { join } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import { readRegularFile } from '../../files/regular-file.ts'
import { listFolder } from '../list-folder.ts'
import { readMatArray } from './read-mat.ts'

/** Corners x1, y1, x2, y2 of each person's head box, in the order of the list. */
export type HeadBoxes = readonly (readonly [number, number, number, number])[]

export const HEADS_FILE = 'gt_valid.mat'
const VARIABLE = 'headboxes_src'
/** The published file has 60 kB. */
const MOST_BYTES = 256 * 1024 * 1024

/**
 * The head boxes that MPII's lists as published with HRNet lack: `gt_valid.mat` beside `valid.json` has them, [2, 2, N].
 *
 * @param annotationFolder - Below `path`.
 * @returns Null where the file is not there.
 * @throws EngineError DATASET if the file cannot be read or is not of that list.
 */
export async function readHeadBoxes(
  path: string,
  annotationFolder: string,
  persons: number,
): Promise<HeadBoxes | null> {
  if (!(await listFolder(join(path, annotationFolder))).includes(HEADS_FILE)) {
    return null
  }
  const name = join(annotationFolder, HEADS_FILE)
  const array = read(
    await readRegularFile(join(path, name), { code: 'DATASET', name, mostBytes: MOST_BYTES }),
    name,
  )
  const [corners, sides, count] = array?.shape ?? []
  if (array === null || corners !== 2 || sides !== 2 || count !== persons) {
    throw new EngineError(
      'DATASET',
      `${name}: needs ${VARIABLE} of 2 x 2 x ${String(persons)} numbers, one box for each person of the list; ` +
        (array === null ? 'it has none' : `it has ${array.shape.join(' x ')}`),
    )
  }
  const { values } = array
  return Array.from({ length: persons }, (_, person) => {
    // The corner runs fastest, then x and y.
    const [x1 = 0, x2 = 0, y1 = 0, y2 = 0] = values.subarray(person * 4, person * 4 + 4)
    return [x1, y1, x2, y2] as const
  })
}

function read(bytes: Uint8Array, name: string): ReturnType<typeof readMatArray> {
  try {
    return readMatArray(bytes, VARIABLE)
  } catch (thrown) {
    throw new EngineError('DATASET', `${name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
  }
}
