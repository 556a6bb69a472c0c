import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readBoxesFile } from '../../src-main/cli/read-boxes.ts'
import { parseSegment } from '../../src-main/datasets/coco/parse-segment.ts'
import { parseCocoFile } from '../../src-main/datasets/coco/coco-annotations.ts'
import { matchSkeleton } from '../../src-main/datasets/coco/match-skeleton.ts'
import { parseDetections } from '../../src-main/datasets/detections/parse-detections.ts'
import { parseMpiiFile } from '../../src-main/datasets/mpii/mpii-annotations.ts'
import { evaluateKeypoints } from '../../src-main/engine/evaluate/evaluate-keypoints.ts'
import { readJsonFile } from '../../src-main/engine/evaluate/read-json-file.ts'
import { readSigmas } from '../../src-main/engine/evaluate/sigma-sets.ts'
import { decodeText, parseForeignJson } from '../../src-main/files/foreign-text.ts'
import { parseEvolutionLog } from '../../src-main/formats/evolution-log.ts'
import type { Random } from '../../src-main/nas/random.ts'
import { cocoFile, detectionList, keypointResults, mpiiList } from './fuzz-corpus.ts'
import { isPlain } from './fuzz-reader.ts'
import type { FuzzReader } from './fuzz-reader.ts'
import { mutateJson } from './mutate-json.ts'
import { mutateBytes, pick } from './mutate.ts'

/** May answer later. */
type Read = (bytes: Buffer) => unknown

/** A reader of one JSON document. */
export function jsonReader(
  name: string,
  weight: number,
  documents: readonly unknown[],
  prepare: (folder: string) => Promise<Read> | Read,
  isRefusal?: (error: Error) => boolean,
): FuzzReader {
  return {
    name,
    weight,
    prepare: async (folder) => {
      const read = await prepare(folder)
      return {
        sound: documents.map((document) => Buffer.from(JSON.stringify(document))),
        damage: (random) => ({ bytes: mutateJson(pick(documents, random), random), isSealed: false }),
        read: async (bytes) => {
          await read(bytes)
          return []
        },
        ...(isRefusal !== undefined && { isRefusal }),
      }
    },
  }
}

/** Texts of lines: numbers, names and lines are doubled, cut and exchanged. */
function textReader(
  name: string,
  weight: number,
  texts: readonly string[],
  read: (text: string) => unknown,
): FuzzReader {
  return {
    name,
    weight,
    prepare: () => ({
      sound: texts.map((text) => Buffer.from(text)),
      damage: (random) => ({ bytes: damageText(pick(texts, random), random), isSealed: false }),
      read: async (bytes) => {
        await read(decodeText(bytes))
        return []
      },
    }),
  }
}

function damageText(text: string, random: Random): Buffer {
  const lines = text.split('\n')
  const line = pick(lines, random)
  switch (random.int(5)) {
    case 0:
      return Buffer.from(Array.from({ length: random.int(20_000) }, () => line).join('\n'))
    case 1:
      return Buffer.from(
        lines
          .map((each) => each.replace(/\d+/, pick(['1e999', 'NaN', '-1', '', '9'.repeat(400)], random)))
          .join('\n'),
      )
    case 2:
      return Buffer.from(line.repeat(1 + random.int(3000)))
    default:
      return mutateBytes(Buffer.from(text), random)
  }
}

/** Annotation parsers throw plain errors, which the reader of the folder puts beside the name of the file. */
const isAnnotationError = (error: Error): boolean => isPlain(error) || error.name === 'SyntaxError'

const DETECTIONS = detectionList()
const TRUTH = cocoFile('t', 4, 17)

async function evaluateIn(folder: string, truth: Buffer, detections: Buffer): Promise<unknown> {
  const [gt, dt] = [join(folder, 'gt.json'), join(folder, 'dt.json')]
  await writeFile(gt, truth)
  await writeFile(dt, detections)
  return evaluateKeypoints({
    ...{ truth: await readJsonFile(gt), detections: await readJsonFile(dt), sigmas: null, areas: null },
  })
}

const asBuffer = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const LOG =
  'mask_0 25.35 265.5 0.7812\nmask_1 Evaluating...\nmask_2\nmask_3  28.5 309.48 0.79\nmask_0 1 2 0.5'

export const JSON_READERS: readonly FuzzReader[] = [
  jsonReader('JSON', 3, [TRUTH, [1, 'a', null]], () => (bytes) => parseForeignJson(decodeText(bytes))),
  jsonReader(
    'COCO annotations',
    6,
    [TRUTH, cocoFile('t', 3, 5)],
    () => (bytes) => {
      const file = parseCocoFile(decodeText(bytes))
      matchSkeleton(file, 'train.json')
      return file.annotations.map(({ segmentation }) => parseSegment(segmentation))
    },
    isAnnotationError,
  ),
  jsonReader(
    'MPII annotations',
    4,
    [mpiiList(3)],
    () => (bytes) => parseMpiiFile(decodeText(bytes)),
    isAnnotationError,
  ),
  jsonReader(
    'detections',
    5,
    [DETECTIONS],
    () => (bytes) => parseDetections(decodeText(bytes), 'boxes.json', 1, 0),
  ),
  jsonReader(
    'evaluate, truth',
    4,
    [TRUTH],
    (folder) => (bytes) => evaluateIn(folder, bytes, asBuffer(keypointResults(4))),
  ),
  jsonReader(
    'evaluate, results',
    4,
    [keypointResults(4)],
    (folder) => (bytes) => evaluateIn(folder, asBuffer(TRUTH), bytes),
  ),
  jsonReader(
    'boxes of predict',
    3,
    [{ 'a.jpg': [[1, 2, 3, 4]] }, [{ file_name: 'a.jpg', bbox: [1, 2, 3, 4] }]],
    (folder) => async (bytes) => {
      await writeFile(join(folder, 'boxes.json'), bytes)
      return (await readBoxesFile(join(folder, 'boxes.json')))('a.jpg')
    },
  ),
  textReader('search log', 4, [LOG], parseEvolutionLog),
  {
    ...textReader('sigmas', 2, ['[0.1, 0.2]', '0.1 0.2\n0.3'], () => undefined),
    prepare: (folder) => ({
      sound: [Buffer.from('[0.1, 0.2]')],
      damage: (random) => ({ bytes: damageText('0.1,\n0.2 0.3', random), isSealed: false }),
      read: async (bytes) => {
        await writeFile(join(folder, 'sigmas'), bytes)
        return [String((await readSigmas(join(folder, 'sigmas'))).sigmas.length)]
      },
    }),
  },
]
