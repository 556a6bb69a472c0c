import { readFile } from 'node:fs/promises'
import sharp from 'sharp'
import { EngineError } from '../../contract/index.ts'
import { MOST_PIXELS } from '../image-file.ts'
import { readPaletteIndices } from './palette-png.ts'

export interface LabelMap {
  readonly width: number
  readonly height: number
  /** [height * width] */
  readonly labels: Uint8Array
}

/**
 * Reads an index map: a grey 8-bit PNG, one whose three channels are equal, or a palette PNG (its indices are the labels).
 *
 * @throws EngineError DATASET if it cannot be decoded or is a colour picture.
 */
export async function readLabelMap(path: string): Promise<LabelMap> {
  try {
    return await decode(path)
  } catch (error) {
    throw new EngineError(
      'DATASET',
      `${path} cannot be read as a label map: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

async function decode(path: string): Promise<LabelMap> {
  const image = sharp(path, { limitInputPixels: MOST_PIXELS, failOn: 'error' })
  const { depth, isPalette, width, height } = await image.metadata()
  if (depth !== 'uchar' || width * height > MOST_PIXELS) {
    throw new Error(
      `${String(width)} x ${String(height)} values of type ${depth}; allowed are 8 bits, 64 megapixels`,
    )
  }
  if (isPalette) {
    const { indices, ...size } = readPaletteIndices(await readFile(path))
    return { ...size, labels: indices }
  }
  const { data, info } = await image.raw().toBuffer({ resolveWithObject: true })
  return {
    width,
    height,
    labels: info.channels === 1 ? new Uint8Array(data) : firstChannel(data, info.channels),
  }
}

function firstChannel(data: Uint8Array, channels: number): Uint8Array {
  const labels = new Uint8Array(data.length / channels)
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const value = data[pixel * channels] ?? 0
    if (channels >= 3 && (data[pixel * channels + 1] !== value || data[pixel * channels + 2] !== value)) {
      throw new Error(
        'it is a colour picture; allowed are grey or palette PNGs whose values are class indices',
      )
    }
    labels[pixel] = value
  }
  return labels
}
