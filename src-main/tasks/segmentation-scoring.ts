import type { NetworkConfig } from '../contract/index.ts'
import type { SegmentationEvaluationItem } from '../datasets/batch.ts'
import { elementAt } from '../nas/element-at.ts'
import { addToConfusionMatrix, createConfusionMatrix } from '../vision/segmentation/confusion-matrix.ts'
import type { ConfusionMatrix } from '../vision/segmentation/confusion-matrix.ts'
import {
  intersectionOverUnion,
  meanAccuracy,
  meanIou,
  pixelAccuracy,
} from '../vision/segmentation/intersection-over-union.ts'
import { largestChannel, multiScaleSums, resizePlane } from './multi-scale.ts'
import { countOverlaps } from './picture-overlaps.ts'
import type { PictureOverlaps } from './picture-overlaps.ts'
import type { Pictures } from './pictures.ts'
import { chunkItems, labelChunk, type StoredSize } from './predict-segmentation.ts'
import { scoringSetOf } from './score-chunks.ts'
import type { ScoreResult, ScoringSet } from './task.ts'

export interface SegmentationGeometry {
  readonly classes: readonly string[]
  readonly ignoreLabel: number
  readonly network: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>
}

export function createSegmentationScoring(
  items: Pictures<StoredSize, SegmentationEvaluationItem>,
  { classes, ignoreLabel, network }: SegmentationGeometry,
): ScoringSet {
  return scoringSetOf(items.known.length, {
    chunks: (options) => chunkItems(items, network, options),
    openScorer(options) {
      const chunks = chunkItems(items, network, options)
      const overlaps = countOverlaps(classes.length, ignoreLabel)
      let next = 0
      return {
        async add(kernels, outputs) {
          const chunk = elementAt(chunks, next, 'chunks of images')
          next += 1
          await labelChunk(kernels, chunk, outputs, (item, labels) => {
            overlaps.add(item.labels, labels)
          })
        },
        finish: () => scorePictures(overlaps, classes),
      }
    },
  })
}

/**
 * Multi-scale inference at the network's input size (method.md 6.3), the sums resized to the stored size; with the mirrored picture where
 * the flip test is on. Pictures pass one by one.
 */
export function createMultiScaleScoring(
  items: Pictures<StoredSize, SegmentationEvaluationItem>,
  { classes, ignoreLabel, network: { inputHeight, inputWidth } }: SegmentationGeometry,
  scales: readonly number[],
): ScoringSet {
  const crop = { height: inputHeight, width: inputWidth }
  const base = Math.max(inputHeight, inputWidth)
  return {
    count: items.known.length,
    async score(kernels, forward, { flipTest, pause }) {
      const overlaps = countOverlaps(classes.length, ignoreLabel)
      for (const [index, { width, height }] of items.known.entries()) {
        await pause?.(index, items.known.length)
        const { input, labels } = elementAt(await items.load(index, index + 1), 0, 'pictures')
        const image = { ...crop, channels: 3, values: input }
        const sums = await multiScaleSums(kernels, forward, image, { scales, flip: flipTest, base, crop })
        const full = await resizePlane(kernels, sums, { height, width })
        overlaps.add(labels, largestChannel(full))
      }
      return scorePictures(overlaps, classes)
    },
  }
}

function scorePictures(overlaps: PictureOverlaps, classes: readonly string[]): ScoreResult {
  return { ...scoreMatrix(overlaps.matrix, classes), pictures: overlaps.results() }
}

/** Mean IoU over the classes that truth or prediction has (method.md D 19), and what else one asks of a confusion matrix. */
export function scoreMatrix(matrix: ConfusionMatrix, classes: readonly string[]): ScoreResult {
  const perClass = intersectionOverUnion(matrix).flatMap((iou, i) =>
    iou === null ? [] : [[`class ${classes[i] ?? String(i)}`, iou] as const],
  )
  const accuracy = meanIou(matrix, { absentClasses: 'exclude' })
  return {
    accuracy,
    metrics: {
      meanIou: accuracy,
      pixelAccuracy: pixelAccuracy(matrix),
      meanAccuracy: meanAccuracy(matrix),
      ...Object.fromEntries(perClass),
    },
  }
}

/** The constant answer: one class everywhere. Label maps come one by one, since all of them together can be large. */
export async function scoreConstantClass(
  items: AsyncIterable<Pick<SegmentationEvaluationItem, 'labels'>>,
  answer: number,
  { classes, ignoreLabel }: Pick<SegmentationGeometry, 'classes' | 'ignoreLabel'>,
): Promise<ScoreResult> {
  const matrix = createConfusionMatrix(classes.length)
  for await (const { labels } of items) {
    addToConfusionMatrix(matrix, labels, new Uint8Array(labels.length).fill(answer), ignoreLabel)
  }
  return scoreMatrix(matrix, classes)
}
