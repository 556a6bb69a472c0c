import type { RunConfig, SegmentationTaskConfig } from '../contract/index.ts'
import type { RandomSource } from '../vision/random-source.ts'
import type { SegmentationBatch, SegmentationEvaluationItem } from './batch.ts'
import type { SegmentationDataset, SegmentationSample } from './dataset.ts'
import { resampleLabels, resampleNormalized, type ResizeWindow } from './resample.ts'
import { trainingInputSize, type InputSize } from './training-input-size.ts'

/** The random part of one training crop (method.md 5.6). */
export interface SegmentationAugmentation {
  /** Size of the resized picture relative to the one that just fits into the network input. */
  readonly factor: number
  /** Where the crop lies in what is left of the picture, 0..1 an axis. */
  readonly shiftX: number
  readonly shiftY: number
  readonly isFlipped: boolean
}

/** A sample with the generator of its augmentation; null fits the whole picture into the input. */
export interface SegmentationDraw {
  readonly sample: SegmentationSample
  readonly random: RandomSource | null
}

/** Factors are a tenth apart, as in the published code: 0.5, 0.6, …, 2.1. Divided, since a tenth itself is no binary number. */
const FACTORS_PER_UNIT = 10

/** Draws in the order factor, crop column, crop row, mirror. */
export function drawSegmentationAugmentation(
  random: RandomSource,
  config: SegmentationTaskConfig,
): SegmentationAugmentation {
  const steps = Math.max(0, Math.round((config.scaleMax - config.scaleMin) * FACTORS_PER_UNIT))
  const factor = config.scaleMin + random.int(steps + 1) / FACTORS_PER_UNIT
  const shiftX = random.next()
  const shiftY = random.next()
  const isFlipped = random.next() < config.flipProbability
  return { factor, shiftX, shiftY, isFlipped }
}

/**
 * Window of a picture that becomes a training input. Factor 1 is the largest size at which the whole picture fits the network's input;
 * what is larger than the crop is cut, what is smaller is padded at the bottom and right (before the mirror).
 *
 * @param crop - Size of the window; default the network's input. Without augmentation the whole picture is fitted into it.
 */
export function planWindow(
  sample: Pick<SegmentationSample, 'width' | 'height'>,
  network: InputSize,
  augmentation: SegmentationAugmentation | null,
  crop: InputSize = network,
): ResizeWindow {
  const { inputHeight, inputWidth } = augmentation === null ? crop : network
  const fit = Math.min(inputWidth / sample.width, inputHeight / sample.height)
  const scale = fit * (augmentation?.factor ?? 1)
  const { resizedWidth, resizedHeight } = resizeLongSide(sample, scale)
  const left = Math.floor((augmentation?.shiftX ?? 0) * (Math.max(0, resizedWidth - crop.inputWidth) + 1))
  const top = Math.floor((augmentation?.shiftY ?? 0) * (Math.max(0, resizedHeight - crop.inputHeight) + 1))
  return { resizedWidth, resizedHeight, left, top, isFlipped: augmentation?.isFlipped ?? false }
}

/** The long side is rounded first and the short one follows it (method.md 5.6): halves go up in both. */
function resizeLongSide(
  { width, height }: { readonly width: number; readonly height: number },
  scale: number,
) {
  const long = Math.max(1, Math.floor(Math.max(width, height) * scale + 0.5))
  const short = Math.max(1, Math.floor((Math.min(width, height) * long) / Math.max(width, height) + 0.5))
  return width >= height
    ? { resizedWidth: long, resizedHeight: short }
    : { resizedWidth: short, resizedHeight: long }
}

/** Crops and label maps of several pictures. @throws EngineError DATASET if a file cannot be read. */
export async function assembleSegmentationBatch(
  dataset: SegmentationDataset,
  draws: readonly SegmentationDraw[],
  config: Pick<RunConfig, 'task' | 'network' | 'segmentation'>,
): Promise<SegmentationBatch> {
  const crop = trainingInputSize(config)
  const { inputHeight: height, inputWidth: width } = crop
  const pixels = height * width
  const input = new Float32Array(draws.length * pixels * 3)
  const labels = new Int32Array(draws.length * pixels)
  const loaded = await Promise.all(draws.map(({ sample }) => dataset.load(sample)))
  for (const [index, { image, labels: source }] of loaded.entries()) {
    const random = draws[index]?.random ?? null
    const window = planWindow(
      image,
      config.network,
      random === null ? null : drawSegmentationAugmentation(random, config.segmentation),
      crop,
    )
    resampleNormalized(image, window, { values: input, offset: index * pixels * 3, width, height })
    resampleLabels(
      source,
      image,
      window,
      { values: labels, offset: index * pixels, width, height },
      dataset.classes.ignoreLabel,
    )
  }
  return {
    kind: 'segmentation',
    size: draws.length,
    ids: draws.map(({ sample }) => sample.id),
    input,
    labels,
  }
}

/**
 * A whole picture stretched to the network input, with the labels as stored: the logits are brought to the labels' size,
 * not the labels to theirs (method.md 6.3).
 */
export async function loadSegmentationEvaluationItem(
  dataset: SegmentationDataset,
  sample: SegmentationSample,
  { inputHeight, inputWidth }: InputSize,
): Promise<SegmentationEvaluationItem> {
  const { image, labels } = await dataset.load(sample)
  const input = new Float32Array(inputHeight * inputWidth * 3)
  const window = { resizedWidth: inputWidth, resizedHeight: inputHeight, left: 0, top: 0, isFlipped: false }
  resampleNormalized(image, window, { values: input, offset: 0, width: inputWidth, height: inputHeight })
  return { id: sample.id, input, labels, width: image.width, height: image.height }
}

/** Pixels of each class over some samples, ignored pixels left out. Shape [C]. */
export async function countClassPixels(
  dataset: SegmentationDataset,
  samples: readonly SegmentationSample[],
): Promise<Float64Array> {
  const counts = new Float64Array(dataset.classes.names.length)
  for (const sample of samples) {
    const { labels } = await dataset.load(sample)
    for (const label of labels) {
      if (label < counts.length && label !== dataset.classes.ignoreLabel) {
        counts[label] = (counts[label] ?? 0) + 1
      }
    }
  }
  return counts
}
