import type { RunConfig } from '../contract/index.ts'
import type { Dataset, PoseDataset, SceneDataset, SegmentationDataset } from '../datasets/dataset.ts'
import { createLanes } from '../datasets/lanes.ts'
import { PictureThreads } from '../datasets/picture-threads.ts'
import { spreadOver } from '../datasets/prepared-crops.ts'
import { planScene } from '../datasets/prepared-scenes.ts'
import { requireBottomUp } from '../datasets/require-bottom-up.ts'
import {
  decodeScored,
  itemOf,
  type ItemOf,
  type PictureOf,
  type ScoredKind,
} from '../datasets/scored-pictures.ts'
import { chooseCrops } from '../tasks/choose-crops.ts'
import { PictureBudget, streamPictures, type Pictures } from '../tasks/pictures.ts'
import { createPoseScoring, type PoseProtocol } from '../tasks/pose-scoring.ts'
import type { SceneGeometry } from '../tasks/predict-scenes.ts'
import { createSceneScoring } from '../tasks/scene-scoring.ts'
import { createMultiScaleScoring, createSegmentationScoring } from '../tasks/segmentation-scoring.ts'
import type { ScoringSet } from '../tasks/task.ts'

export interface PictureThreadsChoice {
  /** Where the entry of the thread lies. */
  readonly threadUrl: URL
  readonly threads: number
}

/** The pictures that a run scores, of all its splits. */
export interface ScoredPictures<Data extends Dataset = Dataset> {
  readonly config: RunConfig
  readonly dataset: Data
  readonly budget: PictureBudget
  readonly threads: PictureThreads | null
  close(): Promise<void>
}

export function openScoredPictures(
  config: RunConfig,
  dataset: Dataset,
  choice: { readonly threads: PictureThreadsChoice | null; readonly keptBytes: number },
): ScoredPictures {
  const threads = choice.threads === null ? null : new PictureThreads({ dataset, config, ...choice.threads })
  return {
    ...{ config, dataset, threads, budget: new PictureBudget(choice.keptBytes) },
    close: async () => {
      await threads?.close()
    },
  }
}

/** At most `limit` samples of a split (of a detector's boxes: pictures), ready to be scored again and again. */
export function openScoring(pictures: ScoredPictures, split: 'search' | 'report', limit: number): ScoringSet {
  const { dataset } = pictures
  if (dataset.kind === 'pose') {
    return openPoseScoring({ ...pictures, dataset }, split, limit)
  }
  if (dataset.kind === 'bottom-up-pose') {
    return openSceneScoring({ ...pictures, dataset }, split, limit)
  }
  return openSegmentationScoring({ ...pictures, dataset }, split, limit)
}

/** Three channels of 32 bits. */
const BYTES_PER_PIXEL = 12

function openPoseScoring(
  pictures: ScoredPictures<PoseDataset>,
  split: 'search' | 'report',
  limit: number,
): ScoringSet {
  const { dataset, config } = pictures
  const { crops, truth } = chooseCrops(dataset, split, limit)
  const { skeleton, ignored = [] } = dataset
  const bytes = inputBytes(config)
  return createPoseScoring(
    stream(pictures, crops, {
      bytesOf: () => bytes,
      ask: ({ sample }) => ({ kind: 'pose', sample }),
      // The sample itself, not the copy of another thread.
      place: ({ sample }, item: ItemOf<'pose'>) => ({ ...item, sample }),
    }),
    { skeleton, network: config.network },
    { ...poseMeasure(config), skeleton, ignored, truth },
  )
}

function openSceneScoring(
  pictures: ScoredPictures<SceneDataset>,
  split: 'search' | 'report',
  limit: number,
): ScoringSet {
  const { dataset, config } = pictures
  const { scales } = requireBottomUp(config)
  const samples = spreadOver(dataset.splits[split], limit)
  const scenes = samples.map((sample) => planScene(sample, config.network.inputHeight, scales))
  return createSceneScoring(
    stream(pictures, scenes, {
      bytesOf: ({ views }) =>
        views.reduce((sum, { width, height }) => sum + width * height * BYTES_PER_PIXEL, 0),
      ask: (scene) => ({ kind: 'bottom-up-pose', scene }),
      place: ({ sample }, item: ItemOf<'bottom-up-pose'>) => ({ ...item, sample }),
    }),
    sceneGeometry(config, dataset),
  )
}

function openSegmentationScoring(
  pictures: ScoredPictures<SegmentationDataset>,
  split: 'search' | 'report',
  limit: number,
): ScoringSet {
  const { dataset, config } = pictures
  const bytes = inputBytes(config)
  const items = stream(pictures, spreadOver(dataset.splits[split], limit), {
    bytesOf: ({ width, height }) => bytes + width * height,
    ask: (sample) => ({ kind: 'segmentation', sample }),
    place: (_, item: ItemOf<'segmentation'>) => item,
  })
  const { names, ignoreLabel } = dataset.classes
  const geometry = { classes: names, ignoreLabel, network: config.network }
  const scales = split === 'report' ? reportScales(config) : null
  return scales === null
    ? createSegmentationScoring(items, geometry)
    : createMultiScaleScoring(items, geometry, scales)
}

function inputBytes({ network: { inputHeight, inputWidth } }: RunConfig): number {
  return inputHeight * inputWidth * BYTES_PER_PIXEL
}

interface StreamedKind<Known, Kind extends ScoredKind> {
  readonly bytesOf: (known: Known) => number
  readonly ask: (known: Known) => PictureOf<Kind> & { readonly kind: Kind }
  readonly place: (known: Known, item: ItemOf<Kind>) => ItemOf<Kind>
}

/** What does not fit into memory at once is decoded in every pass, so by threads; else once, which is not worth starting them. */
function stream<Known, Kind extends ScoredKind>(
  { config, dataset, budget, threads }: ScoredPictures,
  known: readonly Known[],
  { bytesOf, ask, place }: StreamedKind<Known, Kind>,
): Pictures<Known, ItemOf<Kind>> {
  const inLane = createLanes()
  const own = async (picture: PictureOf<Kind> & { readonly kind: Kind }): Promise<ItemOf<Kind>> =>
    itemOf(await inLane(() => decodeScored(dataset, picture, config)), picture.kind)
  const fits = budget.shareOf(known.reduce((sum, one) => sum + bytesOf(one), 0)) === 1
  const decode = fits || threads === null ? own : threads.decode.bind(threads)
  return streamPictures({
    ...{ known, budget, bytesOf },
    decode: async (one) => place(one, await decode(ask(one))),
  })
}

/** Null: answers of the report split come from the input alone. */
export function reportScales({ task, segmentation }: RunConfig): readonly number[] | null {
  return task === 'segmentation' ? (segmentation.reportScales ?? null) : null
}

export function poseMeasure({ pose, network }: RunConfig): Pick<PoseProtocol, 'metric' | 'aspect'> {
  return { metric: pose.metric ?? 'pck', aspect: network.inputWidth / network.inputHeight }
}

export function sceneGeometry(config: RunConfig, { skeleton }: SceneDataset): SceneGeometry {
  return { skeleton, parsing: { ...requireBottomUp(config), refines: true } }
}
