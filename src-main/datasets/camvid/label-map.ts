import sharp from 'sharp'
import { EngineError } from '../../contract/index.ts'
import { MOST_PIXELS } from '../image-file.ts'

export interface LabelMap {
  readonly width: number
  readonly height: number
  /** [height * width] */
  readonly labels: Uint8Array
}

/**
 * Reads an index map: a grey 8-bit PNG, or any PNG whose three channels are equal.
 *
 * @throws EngineError DATASET if it cannot be decoded or is a colour picture.
 */
export async function readLabelMap(path: string): Promise<LabelMap> {
  const { data, info } = await decode(path)
  const { width, height, channels } = info
  if (channels === 1) {
    return { width, height, labels: new Uint8Array(data) }
  }
  const labels = new Uint8Array(width * height)
  for (let pixel = 0; pixel < labels.length; pixel++) {
    const value = data[pixel * channels] ?? 0
    if (channels >= 3 && (data[pixel * channels + 1] !== value || data[pixel * channels + 2] !== value)) {
      throw new EngineError(
        'DATASET',
        `${path} is a colour picture; a label map is a grey 8-bit PNG whose values are class indices`,
      )
    }
    labels[pixel] = value
  }
  return { width, height, labels }
}

async function decode(path: string) {
  try {
    const image = sharp(path, { limitInputPixels: MOST_PIXELS, failOn: 'error' })
    const { depth } = await image.metadata()
    if (depth !== 'uchar') {
      throw new Error(`its values have type ${depth}; allowed are 8 bits`)
    }
    return await image.raw().toBuffer({ resolveWithObject: true })
  } catch (error) {
    throw new EngineError(
      'DATASET',
      `${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
