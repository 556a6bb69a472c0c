import type { NetworkConfig, PoseTaskConfig } from '../contract/index.ts'
import type { SegmentationEvaluationItem } from './batch.ts'
import type { Dataset, DatasetRecipe, PoseFiles, PoseSample, SegmentationSample } from './dataset.ts'
import { prepareCrop, type PreparedCrop } from './prepared-crops.ts'
import { prepareScene, type PlannedScene, type PreparedScene } from './prepared-scenes.ts'
import { loadSegmentationEvaluationItem } from './segmentation-batch.ts'

/** What is known of a picture that is to be scored, before it is decoded. Plain data. */
export type PictureToScore =
  | { readonly kind: 'pose'; readonly sample: PoseSample }
  | { readonly kind: 'segmentation'; readonly sample: SegmentationSample }
  | { readonly kind: 'bottom-up-pose'; readonly scene: PlannedScene }

interface ScoredItems {
  readonly pose: PreparedCrop
  readonly segmentation: SegmentationEvaluationItem
  readonly 'bottom-up-pose': PreparedScene
}

/** The same picture as the network gets it. Plain data. */
export type ScoredPicture = {
  readonly [Kind in keyof ScoredItems]: { readonly kind: Kind; readonly item: ScoredItems[Kind] }
}[keyof ScoredItems]

export type ScoredKind = ScoredPicture['kind']
export type PictureOf<Kind extends ScoredKind> = Extract<PictureToScore, { readonly kind: Kind }>
export type ItemOf<Kind extends ScoredKind> = ScoredItems[Kind]

export interface ScoredSize {
  readonly network: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>
  readonly pose: Pick<PoseTaskConfig, 'sigma'>
}

/** @throws EngineError DATASET if the picture cannot be read, RangeError for a picture of another task than the data set's. */
export async function decodeScored(
  dataset: Dataset,
  picture: PictureToScore,
  config: ScoredSize,
): Promise<ScoredPicture> {
  if (dataset.kind === 'pose' && picture.kind === 'pose') {
    return { kind: 'pose', item: await prepareCrop(dataset, picture.sample, config) }
  }
  if (dataset.kind === 'segmentation' && picture.kind === 'segmentation') {
    const item = await loadSegmentationEvaluationItem(dataset, picture.sample, config.network)
    return { kind: 'segmentation', item }
  }
  if (dataset.kind === 'bottom-up-pose' && picture.kind === 'bottom-up-pose') {
    return { kind: 'bottom-up-pose', item: await prepareScene(dataset, picture.scene) }
  }
  throw new RangeError(`a picture for ${picture.kind} in a data set for ${dataset.kind}`)
}

/** @throws RangeError if it is of another kind. */
export function itemOf<Kind extends ScoredKind>(picture: ScoredPicture, kind: Kind): ItemOf<Kind> {
  if (!isOfKind(picture, kind)) {
    throw new RangeError(`a picture for ${picture.kind} where one for ${kind} was asked for`)
  }
  return picture.item
}

function isOfKind<Kind extends ScoredKind>(
  picture: ScoredPicture,
  kind: Kind,
): picture is ScoredPicture & { readonly item: ItemOf<Kind> } {
  return picture.kind === kind
}

/**
 * A data set from which pictures of the search and report split can be decoded, and nothing else: a thread gets no persons, no masks and
 * none of the training pictures, which are most of a large data set.
 */
export function recipeOfScored(dataset: Dataset): DatasetRecipe {
  const { recipe } = dataset
  switch (recipe.kind) {
    case 'drawn':
      return recipe
    case 'pose-files':
      return { ...keepPictures(recipe, scoredKeys(dataset)) }
    case 'scene-files':
      return { kind: 'scene-files', files: keepPictures(recipe.files, scoredKeys(dataset)) }
    case 'segmentation-files': {
      const frames = keepOnly(recipe.frames, scoredKeys(dataset))
      return { ...recipe, splits: NO_SAMPLES, frames }
    }
    default:
      return recipe satisfies never
  }
}

const NO_SAMPLES = { train: [], search: [], report: [] } as const

function keepPictures(files: PoseFiles, keys: ReadonlySet<string>): PoseFiles {
  const { kind, facts, skeleton, pictures } = files
  return { kind, facts, skeleton, splits: NO_SAMPLES, pictures: keepOnly(pictures, keys), ignored: [] }
}

function keepOnly<Value>(map: ReadonlyMap<string, Value>, keys: ReadonlySet<string>): Map<string, Value> {
  return new Map([...map].filter(([key]) => keys.has(key)))
}

function scoredKeys(dataset: Dataset): ReadonlySet<string> {
  if (dataset.kind === 'pose') {
    const { search, report } = dataset.splits
    return new Set([
      ...[...search, ...report].map(({ imageKey }) => imageKey),
      ...(dataset.detected?.pictures ?? []),
    ])
  }
  const { search, report } = dataset.splits
  return new Set([...search, ...report].map(({ id }) => id))
}
