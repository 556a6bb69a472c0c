import type { NetworkConfig } from '../contract/index.ts'
import type { SegmentationEvaluationItem } from '../datasets/batch.ts'
import { addToConfusionMatrix, createConfusionMatrix } from '../vision/segmentation/confusion-matrix.ts'
import type { ConfusionMatrix } from '../vision/segmentation/confusion-matrix.ts'
import {
  intersectionOverUnion,
  meanAccuracy,
  meanIou,
  pixelAccuracy,
} from '../vision/segmentation/intersection-over-union.ts'
import { predictLabelMaps } from './predict-segmentation.ts'
import type { ScoreResult, ScoringSet } from './task.ts'

export interface SegmentationGeometry {
  readonly classes: readonly string[]
  readonly ignoreLabel: number
  readonly network: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>
}

export function createSegmentationScoring(
  items: readonly SegmentationEvaluationItem[],
  geometry: SegmentationGeometry,
): ScoringSet {
  return {
    count: items.length,
    async score(kernels, forward, options) {
      const matrix = createConfusionMatrix(geometry.classes.length)
      await predictLabelMaps(kernels, forward, items, geometry.network, options, (item, labels) => {
        addToConfusionMatrix(matrix, item.labels, labels, geometry.ignoreLabel)
      })
      return scoreMatrix(matrix, geometry.classes)
    },
  }
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

/** The constant answer: one class everywhere. */
export function scoreConstantClass(
  items: readonly Pick<SegmentationEvaluationItem, 'labels'>[],
  answer: number,
  { classes, ignoreLabel }: Pick<SegmentationGeometry, 'classes' | 'ignoreLabel'>,
): ScoreResult {
  const matrix = createConfusionMatrix(classes.length)
  for (const { labels } of items) {
    addToConfusionMatrix(matrix, labels, new Uint8Array(labels.length).fill(answer), ignoreLabel)
  }
  return scoreMatrix(matrix, classes)
}
