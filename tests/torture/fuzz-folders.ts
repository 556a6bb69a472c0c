import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../../src-main/contract/index.ts'
import type { DatasetFormat } from '../../src-main/contract/index.ts'
import { inspectDatasetFolder } from '../../src-main/datasets/open-dataset.ts'
import {
  writeCamvidFolder,
  writeCityscapesFolder,
  writeClassFolder,
  writeCocoFolder,
  writeMpiiFolder,
} from './fuzz-corpus.ts'
import { jsonReader } from './fuzz-json.ts'
import type { FuzzReader } from './fuzz-reader.ts'
import { mutatePng } from './mutate-chunks.ts'
import { mutateBytes } from './mutate.ts'

/** Whole folders, looked at as `datasets add` does, with one damaged file in each. Pictures are known from the first look. */

function annotationReader(
  format: DatasetFormat,
  write: (folder: string) => Promise<[file: string, content: unknown]>,
): FuzzReader {
  return {
    name: `folder of ${format}`,
    weight: 1,
    prepare: async (folder) => {
      const [file, content] = await write(join(folder, 'data'))
      const cache = join(folder, 'cache')
      const reader = jsonReader('', 1, [content], () => async (bytes) => {
        await writeFile(file, bytes)
        return inspectDatasetFolder(join(folder, 'data'), format, cache)
      })
      return reader.prepare(folder)
    },
  }
}

const cityscapesReader: FuzzReader = {
  name: 'folder of cityscapes',
  weight: 1,
  prepare: async (folder) => {
    const file = await writeCityscapesFolder(join(folder, 'data'))
    const sound = await readFile(file)
    return {
      sound: [sound],
      damage: (random) =>
        random.bernoulli(0.5)
          ? { bytes: mutateBytes(sound, random), isSealed: false }
          : { bytes: mutatePng(sound, random), isSealed: true },
      read: async (bytes) => {
        await writeFile(file, bytes)
        const data = join(folder, 'data')
        const { leftOut } = await inspectDatasetFolder(data, 'cityscapes', join(folder, 'cache'))
        const [refused] = leftOut
        if (refused !== undefined) {
          throw new EngineError('DATASET', refused.reason)
        }
        return []
      },
    }
  },
}

export const FOLDER_READERS: readonly FuzzReader[] = [
  annotationReader('coco', (folder) => writeCocoFolder(folder, 'coco')),
  annotationReader('crowdpose', (folder) => writeCocoFolder(folder, 'crowdpose')),
  annotationReader('mpii', writeMpiiFolder),
  annotationReader('camvid', writeCamvidFolder),
  annotationReader('folder', writeClassFolder),
  cityscapesReader,
]
