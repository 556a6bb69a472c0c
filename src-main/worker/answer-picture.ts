import type { Kernels } from '../compute/kernels.ts'
import { EngineError } from '../contract/index.ts'
import type { ClassFacts, GroupingConfig, PredictImage, SkeletonFacts } from '../contract/index.ts'
import type { PoseSample, RgbImage } from '../datasets/dataset.ts'
import { encodePng } from '../datasets/encode-png.ts'
import { checkImageFile, decodeImage } from '../datasets/image-file.ts'
import { cropPose } from '../datasets/pose-crop.ts'
import { resampleNormalized } from '../datasets/resample.ts'
import { warpNormalized } from '../datasets/warp.ts'
import { predictPoses } from '../tasks/predict-pose.ts'
import { predictScenes } from '../tasks/predict-scenes.ts'
import { predictLabelMaps } from '../tasks/predict-segmentation.ts'
import type { Forward } from '../tasks/task.ts'
import { planInferenceScales } from '../vision/bottom-up/inference-scales.ts'
import { LEAST_SHOWN_SCORE, PUBLISHED_PARSING } from '../vision/bottom-up/parse-persons.ts'
import { personScore } from '../vision/keypoints/person-score.ts'
import { drawPoseOverlay, PERSON_COLORS } from './pose-overlay.ts'

/** The network that answers, and how. */
export interface Answering {
  readonly kernels: Kernels
  readonly forward: Forward
  readonly network: { readonly inputHeight: number; readonly inputWidth: number }
  readonly flipTest: boolean
}

/** What a network says about a picture. */
export interface PictureAnswer {
  /** JSON for programs. */
  readonly report: Uint8Array
  /** PNG for people, drawn when it is asked for: of a large picture it takes seconds. */
  readonly drawOverlay: () => Promise<Uint8Array>
  /** Of segmentation: the class of each pixel of the picture, row-major. */
  readonly labels: Uint8Array | null
}

const BATCH = 8
/** Share of the class colour in an overlay. */
const OVERLAY_SHARE = 0.55

/**
 * A picture as a person sees it: turned as its EXIF says.
 *
 * @throws EngineError DATASET with the reason why it is refused.
 */
export async function openPicture(file: string): Promise<RgbImage> {
  const check = await checkImageFile(file)
  if (!check.ok) {
    throw new EngineError('DATASET', check.reason)
  }
  return decodeImage(file, { isTurned: true })
}

/** Overlay and JSON with the joints of everybody in a box (method.md 6.2). */
export async function answerPose(
  { kernels, forward, network, flipTest }: Answering,
  { file, boxes }: PredictImage,
  image: RgbImage,
  skeleton: SkeletonFacts,
): Promise<PictureAnswer> {
  const { width, height } = image
  const region = { ...image, left: 0, top: 0, zoom: 1, imageWidth: width, imageHeight: height }
  const whole = { ...skeleton, upperJoints: [], lowerJoints: [] }
  const crops = (boxes ?? [[0, 0, width, height] as const]).map((box, index) => {
    const sample: PoseSample = {
      ...{ id: String(index), imageKey: file, imageWidth: width, imageHeight: height, box },
      keypoints: new Float32Array(skeleton.joints.length * 3),
      area: box[2] * box[3],
      isBoxExact: true,
    }
    return { sample, ...cropPose(region, sample, whole, { ...network, sigma: 1 }, null) }
  })
  const poses = await predictPoses(kernels, forward, crops, { skeleton, network }, { flipTest, batch: BATCH })
  const persons = poses.map(({ positions, confidences }, index) => ({
    box: crops[index]?.sample.box ?? ([0, 0, width, height] as const),
    score: personScore(1, confidences),
    keypoints: skeleton.joints.map(
      (_, joint) =>
        [positions[joint * 2] ?? 0, positions[joint * 2 + 1] ?? 0, confidences[joint] ?? 0] as const,
    ),
  }))
  const report = { file, task: 'pose', width, height, joints: skeleton.joints, persons }
  return {
    report: toJson(report),
    drawOverlay: () => drawPoseOverlay(image, persons, skeleton),
    labels: null,
  }
}

/** Overlay and JSON with everybody that a bottom-up network finds in the whole picture (method.md 9.4, 9.5; scale 1). */
export async function answerEverybody(
  { kernels, forward, network, flipTest }: Answering,
  { file }: PredictImage,
  image: RgbImage,
  { skeleton, grouping }: { readonly skeleton: SkeletonFacts; readonly grouping: GroupingConfig | null },
): Promise<PictureAnswer> {
  const { width, height } = image
  const views = planInferenceScales({ width, height }, network.inputHeight, [1]).map((view) => {
    const input = new Float32Array(view.height * view.width * 3)
    warpNormalized(image, view.toImage, { values: input, offset: 0, width: view.width, height: view.height })
    return { ...view, input }
  })
  const sample = { id: file, imageWidth: width, imageHeight: height, persons: [] }
  const geometry = { skeleton, parsing: { ...PUBLISHED_PARSING, ...grouping } }
  const options = { flipTest, batch: 1 }
  const [found = []] = await predictScenes(kernels, forward, [{ sample, views }], geometry, options)
  const persons = found
    .toSorted((a, b) => b.score - a.score)
    .map(({ keypoints, score }) => {
      const triples = skeleton.joints.map(
        (_, joint) =>
          [keypoints[joint * 3] ?? 0, keypoints[joint * 3 + 1] ?? 0, keypoints[joint * 3 + 2] ?? 0] as const,
      )
      return { box: extentOf(triples), score, keypoints: triples }
    })
  const shown = persons.filter(({ score }) => score >= LEAST_SHOWN_SCORE)
  const drawn = shown.map((person, index) => ({
    ...person,
    ...{ color: PERSON_COLORS[index % PERSON_COLORS.length] ?? PERSON_COLORS[0], leastShown: LEAST_HEAT },
  }))
  const report = { file, task: 'bottom-up-pose', width, height, joints: skeleton.joints, persons }
  return { report: toJson(report), drawOverlay: () => drawPoseOverlay(image, drawn, skeleton), labels: null }
}

/** Joints that were not found have heat 0. */
const LEAST_HEAT = 1e-6

/** Box around the joints that were found: x, y, width, height. */
function extentOf(
  keypoints: readonly (readonly [number, number, number])[],
): readonly [number, number, number, number] {
  const found = keypoints.filter(([, , heat]) => heat >= LEAST_HEAT)
  const [xs, ys] = [found.map(([x]) => x), found.map(([, y]) => y)]
  const [left, top] = [Math.min(...xs), Math.min(...ys)]
  return [left, top, Math.max(...xs) - left, Math.max(...ys) - top]
}

/** Overlay, label map of the picture's size and JSON with the share of each class (method.md 6.3). */
export async function answerScene(
  { kernels, forward, network, flipTest }: Answering,
  { file, name }: PredictImage,
  image: RgbImage,
  classes: ClassFacts,
): Promise<PictureAnswer> {
  const { width, height } = image
  const { inputHeight, inputWidth } = network
  const input = new Float32Array(inputHeight * inputWidth * 3)
  const window = { resizedWidth: inputWidth, resizedHeight: inputHeight, left: 0, top: 0, isFlipped: false }
  resampleNormalized(image, window, { values: input, offset: 0, width: inputWidth, height: inputHeight })
  const items = [{ id: file, input, labels: new Uint8Array(0), width, height }]
  const found: Uint8Array[] = []
  await predictLabelMaps(kernels, forward, items, network, { flipTest, batch: 1 }, (_, labels) => {
    found.push(labels)
  })
  const [labels = new Uint8Array(width * height)] = found
  const counts = classes.names.map(() => 0)
  for (const label of labels) {
    counts[label] = (counts[label] ?? 0) + 1
  }
  const report = {
    ...{ file, task: 'segmentation', width, height, labelMap: `${name}.labels.png` },
    classes: classes.names.map((className, index) => ({
      ...{ index, name: className, pixels: counts[index] ?? 0, share: (counts[index] ?? 0) / labels.length },
    })),
  }
  return {
    report: toJson(report),
    drawOverlay: () => encodePng({ width, height, data: blend(image.data, labels, classes.palette) }),
    labels,
  }
}

function blend(data: Uint8Array, labels: Uint8Array, palette: readonly string[]): Uint8Array {
  const colors = palette.map((color) => [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16)))
  return data.map((value, at) => {
    const color = colors[labels[Math.floor(at / 3)] ?? 0]?.[at % 3] ?? 128
    return Math.round(value * (1 - OVERLAY_SHARE) + color * OVERLAY_SHARE)
  })
}

function toJson(value: unknown): Uint8Array {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`)
}
