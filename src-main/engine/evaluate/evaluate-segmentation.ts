import { EngineError } from '../../contract/index.ts'
import { FileProblem, readRegularFile } from '../../files/regular-file.ts'
import { addToConfusionMatrix, createConfusionMatrix } from '../../vision/segmentation/confusion-matrix.ts'
import type { ConfusionMatrix } from '../../vision/segmentation/confusion-matrix.ts'
import {
  classAccuracy,
  intersectionOverUnion,
  meanAccuracy,
  meanIou,
  pixelAccuracy,
} from '../../vision/segmentation/intersection-over-union.ts'
import { decodeIndexMap } from '../../datasets/index-map-png.ts'
import type { IndexMap } from '../../datasets/index-map-png.ts'
import { MOST_FILE_BYTES } from '../../datasets/picture-format.ts'
import { pairLabelMaps } from './pair-label-maps.ts'
import type { LabelMapPair } from './pair-label-maps.ts'

export interface EvaluateSegmentationOptions {
  readonly truthFolder: string
  readonly predictionFolder: string
  readonly classes: number
  readonly ignoreLabel: number
  readonly onProgress: (done: number, total: number) => void
  readonly signal: AbortSignal
}

export interface SegmentationEvaluation {
  readonly images: number
  /** Pixels that count. */
  readonly pixels: number
  /** [truth][prediction], C x C. */
  readonly confusion: readonly (readonly number[])[]
  /** [C]; null for a class that neither truth nor prediction has. */
  readonly iou: readonly (number | null)[]
  /** [C]: found share of the truth; null for a class that the truth has not. */
  readonly classAccuracy: readonly (number | null)[]
  /** Mean over the classes that truth or prediction has (method.md D 19). */
  readonly meanIou: number
  /** The same where an absent class counts 0, as in the published code. */
  readonly meanIouAbsentZero: number
  readonly pixelAccuracy: number
  readonly meanAccuracy: number
  readonly notes: readonly string[]
}

/**
 * Scores of predicted label maps (method.md 6.3) from two folders of index PNGs.
 *
 * @throws EngineError BAD_REQUEST naming the file that does not fit: missing, unreadable, of another size, or with a label that is neither
 *   a class nor the ignore label; STOPPED if the signal aborts.
 */
export async function evaluateSegmentation(
  options: EvaluateSegmentationOptions,
): Promise<SegmentationEvaluation> {
  const { classes, signal } = options
  const { pairs, notes } = await pairLabelMaps(options.truthFolder, options.predictionFolder)
  const matrix = createConfusionMatrix(classes)
  for (const [done, pair] of pairs.entries()) {
    if (signal.aborted) {
      throw new EngineError('STOPPED', `Stopped after ${String(done)} of ${String(pairs.length)} label maps.`)
    }
    await addPair(matrix, pair, options)
    options.onProgress(done + 1, pairs.length)
  }
  return { images: pairs.length, ...describeMatrix(matrix), notes }
}

function describeMatrix(matrix: ConfusionMatrix): Omit<SegmentationEvaluation, 'images' | 'notes'> {
  const { classes, counts } = matrix
  return {
    pixels: counts.reduce((sum, count) => sum + count, 0),
    confusion: Array.from({ length: classes }, (_, row) =>
      Array.from(counts.subarray(row * classes, (row + 1) * classes)),
    ),
    iou: intersectionOverUnion(matrix),
    classAccuracy: classAccuracy(matrix),
    meanIou: meanIou(matrix, { absentClasses: 'exclude' }),
    meanIouAbsentZero: meanIou(matrix, { absentClasses: 'zero' }),
    pixelAccuracy: pixelAccuracy(matrix),
    meanAccuracy: meanAccuracy(matrix),
  }
}

async function addPair(
  matrix: ConfusionMatrix,
  { truthFile, predictionFile }: LabelMapPair,
  { classes, ignoreLabel }: EvaluateSegmentationOptions,
): Promise<void> {
  const truth = await readIndexMap(truthFile)
  const prediction = await readIndexMap(predictionFile)
  if (truth.width !== prediction.width || truth.height !== prediction.height) {
    throw new EngineError(
      'BAD_REQUEST',
      `${predictionFile} is ${sizeOf(prediction)}, its truth ${truthFile} is ${sizeOf(truth)}: they must agree.`,
    )
  }
  const allowed = `allowed are 0 to ${String(classes - 1)}`
  for (const [pixel, label] of truth.values.entries()) {
    if (label === ignoreLabel) {
      continue
    }
    if (label >= classes) {
      throw new EngineError(
        'BAD_REQUEST',
        `${truthFile} has label ${String(label)} at ${placeOf(pixel, truth)}; ${allowed} and ${String(ignoreLabel)} (ignored).`,
      )
    }
    const predicted = prediction.values[pixel] ?? 0
    if (predicted >= classes) {
      throw new EngineError(
        'BAD_REQUEST',
        `${predictionFile} has label ${String(predicted)} at ${placeOf(pixel, truth)}, where the truth counts; ${allowed}.`,
      )
    }
  }
  addToConfusionMatrix(matrix, truth.values, prediction.values, ignoreLabel)
}

async function readIndexMap(path: string): Promise<IndexMap> {
  try {
    return decodeIndexMap(await readRegularFile(path, { mostBytes: MOST_FILE_BYTES }))
  } catch (thrown) {
    const reason =
      thrown instanceof FileProblem
        ? thrown.reason
        : thrown instanceof Error
          ? thrown.message
          : String(thrown)
    throw new EngineError('BAD_REQUEST', `${path} cannot be used as a label map: ${reason}.`)
  }
}

function sizeOf({ width, height }: IndexMap): string {
  return `${String(width)} × ${String(height)}`
}

function placeOf(pixel: number, { width }: IndexMap): string {
  return `column ${String(pixel % width)}, row ${String(Math.floor(pixel / width))}`
}
