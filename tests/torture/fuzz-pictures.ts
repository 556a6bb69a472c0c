import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { checkImageFile, decodeImage } from '../../src-main/datasets/image-file.ts'
import { decodeIndexMap } from '../../src-main/datasets/index-map-png.ts'
import { checkLabelMap, indexTable } from '../../src-main/datasets/label-map.ts'
import { EngineError } from '../../src-main/contract/index.ts'
import { makePng } from '../support/make-png.ts'
import { digest, isPlain } from './fuzz-reader.ts'
import type { FuzzReader } from './fuzz-reader.ts'
import { mutatePng } from './mutate-chunks.ts'
import { mutateBytes, pick } from './mutate.ts'

const SIZE = { width: 24, height: 16 }
const TABLE = indexTable(7, 255)
const PNGS = [
  makePng({ ...SIZE, colourType: 0 }),
  makePng({ ...SIZE, colourType: 3 }),
  makePng({ ...SIZE, colourType: 0, bits: 4 }),
  makePng({ ...SIZE, colourType: 2 }),
  makePng({ ...SIZE, colourType: 6, bits: 16 }),
]
const INDEX_PNGS = PNGS.slice(0, 3)

const damagePng =
  (sound: readonly Buffer[]): Awaited<ReturnType<FuzzReader['prepare']>>['damage'] =>
  (random) => {
    const base = pick(sound, random)
    return random.bernoulli(0.5)
      ? { bytes: mutateBytes(base, random, pick(sound, random)), isSealed: false }
      : { bytes: mutatePng(base, random), isSealed: true }
  }

const indexReader: FuzzReader = {
  name: 'index PNG',
  weight: 6,
  prepare: () => ({
    sound: INDEX_PNGS,
    hasChecksums: true,
    damage: damagePng(INDEX_PNGS),
    read: (bytes) => {
      const { width, height, values } = decodeIndexMap(bytes)
      return [digest(String([width, height]), new Uint8Array(values.buffer))]
    },
    isRefusal: isPlain,
  }),
}

const labelReader: FuzzReader = {
  name: 'label map',
  weight: 4,
  prepare: (folder) => ({
    sound: INDEX_PNGS,
    hasChecksums: true,
    damage: damagePng(INDEX_PNGS),
    read: async (bytes) => {
      const file = join(folder, 'map.png')
      await writeFile(file, bytes)
      const check = await checkLabelMap(file, { ...SIZE, table: TABLE })
      if (!check.ok) {
        throw new EngineError('DATASET', check.reason)
      }
      return [digest(check.map.labels)]
    },
  }),
}

/** As a data set does it: looked at first, decoded when it is needed. */
async function readPicture(file: string, bytes: Buffer, isCheckFinal: boolean): Promise<readonly string[]> {
  await writeFile(file, bytes)
  const check = await checkImageFile(file)
  if (!check.ok) {
    throw new EngineError('DATASET', check.reason)
  }
  const image = await decodeImage(file).catch((thrown: unknown) => {
    throw isCheckFinal ? new Error(`passed its check, but ${String(thrown)}`) : thrown
  })
  return [digest(String([image.width, image.height]), image.data)]
}

const pngReader: FuzzReader = {
  name: 'PNG',
  weight: 5,
  prepare: (folder) => ({
    sound: PNGS,
    hasChecksums: true,
    damage: damagePng(PNGS),
    read: (bytes) => readPicture(join(folder, 'a.png'), bytes, bytes.toString('latin1', 1, 4) === 'PNG'),
  }),
}

const pictureReader = (format: 'jpeg' | 'webp' | 'gif' | 'tiff', weight: number): FuzzReader => ({
  name: format === 'jpeg' ? 'JPEG' : format,
  weight,
  prepare: async (folder) => {
    const data = Buffer.from(Uint8Array.from({ length: 40 * 30 * 3 }, (_, at) => (at * 7919) >> 3))
    const image = () => sharp(data, { raw: { width: 40, height: 30, channels: 3 } })
    const sound = [
      await image().toFormat(format).toBuffer(),
      await image().greyscale().toFormat(format).toBuffer(),
    ]
    return {
      sound,
      damage: (random) => ({
        ...{ bytes: mutateBytes(pick(sound, random), random, pick(sound, random)), isSealed: false },
      }),
      read: (bytes) => readPicture(join(folder, `a.${format}`), bytes, false),
    }
  },
})

export const PICTURE_READERS: readonly FuzzReader[] = [
  indexReader,
  labelReader,
  pngReader,
  pictureReader('jpeg', 5),
  pictureReader('webp', 1),
  pictureReader('gif', 1),
  pictureReader('tiff', 1),
]
