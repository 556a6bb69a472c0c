import type { RgbImage } from '../datasets/dataset.ts'
import { encodeLabelPng, encodeReducedPng } from '../datasets/encode-png.ts'
import type { PictureAnswer } from './answer-picture.ts'

/** A file to write: what follows the picture's name, and its bytes. */
export interface AnswerFile {
  readonly suffix: string
  readonly bytes: Uint8Array
}

/** Overlay, label map of the picture's size, and JSON. */
export async function filesForPeople(
  { report, drawOverlay, labels }: PictureAnswer,
  { width, height }: RgbImage,
): Promise<readonly AnswerFile[]> {
  return [
    { suffix: '.overlay.png', bytes: await drawOverlay() },
    ...(labels === null
      ? []
      : [{ suffix: '.labels.png', bytes: await encodeLabelPng(labels, width, height) }]),
    { suffix: '.json', bytes: report },
  ]
}

/** The picture and its label map as a window shows them, and JSON. */
export async function filesForWindow(
  { report, labels }: PictureAnswer,
  picture: RgbImage,
  longestSide: number,
): Promise<{
  readonly files: readonly AnswerFile[]
  readonly shown: { readonly width: number; readonly height: number }
}> {
  const { bytes, ...shown } = await encodeReducedPng(picture, longestSide)
  const files = [
    { suffix: '.shown.png', bytes },
    ...(labels === null ? [] : [{ suffix: '.shown.labels', bytes: reduceLabels(labels, picture, shown) }]),
    { suffix: '.json', bytes: report },
  ]
  return { files, shown }
}

interface Size {
  readonly width: number
  readonly height: number
}

/** The label in the middle of each pixel of the smaller map: labels are not mixed. @param labels - [height * width] of `from`. */
export function reduceLabels(labels: Uint8Array, from: Size, to: Size): Uint8Array {
  const reduced = new Uint8Array(to.width * to.height)
  for (let row = 0; row < to.height; row++) {
    const source = Math.floor(((row + 0.5) * from.height) / to.height) * from.width
    for (let column = 0; column < to.width; column++) {
      const at = source + Math.floor(((column + 0.5) * from.width) / to.width)
      reduced[row * to.width + column] = labels[at] ?? 0
    }
  }
  return reduced
}
