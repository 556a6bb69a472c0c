import type { KeypointEvaluation } from '../engine/evaluate/evaluate-keypoints.ts'
import type { SegmentationEvaluation } from '../engine/evaluate/evaluate-segmentation.ts'
import { formatTable } from './run-result.ts'

/** What `evaluate keypoints --json` prints: the numbers under pycocotools' names at the top. */
export function keypointReport(evaluation: KeypointEvaluation) {
  const { numbers, unrounded, scores, joints, ...facts } = evaluation
  return {
    ...numbers,
    /** In the order of pycocotools' and xtcocotools' `stats`. */
    stats: Object.values(numbers),
    ...(unrounded !== null && { unrounded }),
    ...facts,
    persons: scores.persons,
    apPerThreshold: scores.apPerThreshold,
    recallPerThreshold: scores.recallPerThreshold,
    sizes: scores.sizes,
    joints,
  }
}

export function describeKeypoints(evaluation: KeypointEvaluation): string {
  const { protocol, sigmas, areas, images, detections, numbers, scores, joints } = evaluation
  return [
    `${count(detections)} detections, ${count(scores.persons)} persons that count, ${count(images)} images; ` +
      `${protocol} protocol, sigmas ${sigmas}, ${areas === 'box' ? 'areas from boxes' : 'annotated areas'}`,
    '',
    ...formatTable(Object.entries(numbers).map(([name, value]) => [name.replace('_', ' '), decimal(value)])),
    '',
    ...formatTable([
      ['size of person', 'persons', 'AP', 'AR'],
      ...Object.entries(scores.sizes).map(([name, { persons, ap, ar }]) => [
        name,
        count(persons),
        decimal(ap < 0 ? null : ap),
        decimal(ar < 0 ? null : ar),
      ]),
    ]),
    '',
    ...formatTable([
      ['joint', 'labelled', 'of matched persons', 'similarity there', 'found'],
      ...joints.map(({ name, labelled, matched, similarity, found }) => [
        name,
        count(labelled),
        count(matched),
        decimal(similarity),
        decimal(found),
      ]),
    ]),
    '',
    'Joints: persons matched at OKS 0.5; found = similarity of at least 0.5.',
  ].join('\n')
}

export interface SegmentationQuestion {
  readonly classes: number
  readonly ignoreLabel: number
}

/** What `evaluate segmentation --json` prints. */
export function segmentationReport(
  { meanIou, meanIouAbsentZero, confusion, ...rest }: SegmentationEvaluation,
  { classes, ignoreLabel }: SegmentationQuestion,
) {
  return {
    mIoU: meanIou,
    ...rest,
    absentClasses: 'exclude',
    mIoUAbsentZero: meanIouAbsentZero,
    classes,
    ignore: ignoreLabel,
    /** [truth][prediction]. */
    confusionMatrix: confusion,
  }
}

export function describeSegmentation(
  evaluation: SegmentationEvaluation,
  { classes, ignoreLabel }: SegmentationQuestion,
): string {
  const { images, pixels, iou, classAccuracy, confusion } = evaluation
  const truthOf = confusion.map((row) => row.reduce((sum, value) => sum + value, 0))
  return [
    `${count(images)} label maps, ${count(pixels)} pixels that count; ${count(classes)} classes, ${String(ignoreLabel)} is ignored`,
    '',
    ...formatTable([
      ['mean IoU', decimal(evaluation.meanIou)],
      ['  absent classes as 0', decimal(evaluation.meanIouAbsentZero)],
      ['pixel accuracy', decimal(evaluation.pixelAccuracy)],
      ['mean accuracy', decimal(evaluation.meanAccuracy)],
    ]),
    '',
    ...formatTable([
      ['class', 'IoU', 'accuracy', 'truth pixels'],
      ...iou.map((value, index) => [
        String(index),
        decimal(value),
        decimal(classAccuracy[index] ?? null),
        count(truthOf[index] ?? 0),
      ]),
    ]),
    '',
    'A class that neither truth nor prediction has is not in the mean. --json has the confusion matrix.',
  ].join('\n')
}

function count(value: number): string {
  return value.toLocaleString('en')
}

function decimal(value: number | null): string {
  return value === null ? '-' : value.toFixed(4)
}
