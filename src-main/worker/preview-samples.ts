import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { PreviewSample } from '../contract/index.ts'
import type {
  ImageRegion,
  PoseDataset,
  PoseSample,
  SceneDataset,
  SceneSample,
  SegmentationDataset,
  SegmentationSample,
} from '../datasets/dataset.ts'
import { encodePng } from '../datasets/encode-png.ts'
import { countLabelled } from '../datasets/pose-box.ts'
import { spreadOver } from '../datasets/prepared-crops.ts'
import { writeAtomically } from './checkpoint-files.ts'
import type { RunContext } from './run-context.ts'

/** Test images shown in previews, spread over the report split. */
const PREVIEW_IMAGES = 24

interface Numbered<S> {
  /** Safe as a file name, in the order of the film strip. */
  readonly id: string
  readonly sample: S
}

export function previewPersons(dataset: PoseDataset): readonly Numbered<PoseSample>[] {
  return number(spreadOver(dataset.splits.report, PREVIEW_IMAGES))
}

export function previewScenes(dataset: SegmentationDataset): readonly Numbered<SegmentationSample>[] {
  return number(spreadOver(dataset.splits.report, PREVIEW_IMAGES))
}

export function previewPictures(dataset: SceneDataset): readonly Numbered<SceneSample>[] {
  return number(spreadOver(dataset.splits.report, PREVIEW_IMAGES))
}

function number<S extends { readonly id: string }>(samples: readonly S[]): readonly Numbered<S>[] {
  return samples.map((sample, i) => ({
    id: `${String(i + 1).padStart(2, '0')}-${sample.id.replaceAll(/[^A-Za-z0-9._-]/g, '_')}`,
    sample,
  }))
}

/** Writes pictures (and label maps) of the preview samples into the run folder: preview/{id}.png, preview/{id}.labels. */
export async function writePreviewSamples(
  runId: string,
  runFolder: string,
  { dataset }: RunContext,
): Promise<readonly PreviewSample[]> {
  const folder = join(runFolder, 'preview')
  await mkdir(folder, { recursive: true })
  const samples: PreviewSample[] = []
  if (dataset.kind === 'pose') {
    for (const { id, sample } of previewPersons(dataset)) {
      const region = await dataset.loadImage(sample)
      writeAtomically(join(folder, `${id}.png`), await encodePng(region))
      samples.push(describePerson(runId, id, sample, region))
    }
    return samples
  }
  if (dataset.kind === 'bottom-up-pose') {
    for (const { id, sample } of previewPictures(dataset)) {
      const { image } = await dataset.load(sample)
      writeAtomically(join(folder, `${id}.png`), await encodePng(image))
      samples.push(describeScene(runId, id, sample, image))
    }
    return samples
  }
  for (const { id, sample } of previewScenes(dataset)) {
    const { image, labels } = await dataset.load(sample)
    writeAtomically(join(folder, `${id}.png`), await encodePng(image))
    writeAtomically(join(folder, `${id}.labels`), labels)
    samples.push({
      id,
      runId,
      split: 'report',
      width: image.width,
      height: image.height,
      imagePath: `/api/runs/${runId}/preview/${id}/image`,
      truthKeypoints: null,
      truthLabelPath: `/api/runs/${runId}/preview/${id}/truth`,
      box: null,
    })
  }
  return samples
}

function describeScene(runId: string, id: string, sample: SceneSample, region: ImageRegion): PreviewSample {
  return {
    id,
    runId,
    split: 'report',
    width: region.width,
    height: region.height,
    imagePath: `/api/runs/${runId}/preview/${id}/image`,
    truthKeypoints: null,
    truthPersons: sample.persons
      .filter(({ keypoints }) => countLabelled(keypoints) > 0)
      .map(({ keypoints }) => toTriples(region, keypoints)),
    truthLabelPath: null,
    box: null,
  }
}

/** [J * 3] in stored pixels as [x, y, third number] per joint in pixels of the preview picture. */
export function toTriples(
  region: ImageRegion,
  keypoints: Float32Array,
): readonly (readonly [number, number, number])[] {
  return Array.from(
    { length: keypoints.length / 3 },
    (_, joint) =>
      [
        ...toPicture(region, keypoints[joint * 3] ?? 0, keypoints[joint * 3 + 1] ?? 0),
        keypoints[joint * 3 + 2] ?? 0,
      ] as const,
  )
}

function describePerson(runId: string, id: string, sample: PoseSample, region: ImageRegion): PreviewSample {
  const [x, y, width, height] = sample.box
  return {
    id,
    runId,
    split: 'report',
    width: region.width,
    height: region.height,
    imagePath: `/api/runs/${runId}/preview/${id}/image`,
    truthKeypoints: toTriples(region, sample.keypoints),
    truthLabelPath: null,
    box: [...toPicture(region, x, y), width / region.zoom, height / region.zoom],
  }
}

/** Stored image pixels to pixels of the preview picture. */
export function toPicture(region: ImageRegion, x: number, y: number): readonly [number, number] {
  return [(x - region.left) / region.zoom, (y - region.top) / region.zoom]
}
