import { EngineError, servesTask } from '../contract/index.ts'
import type { DatasetConfig, DatasetFacts, DatasetFormat, TaskKind } from '../contract/index.ts'
import { DEFAULT_CACHE_BYTES } from './byte-budget-cache.ts'
import { openCamvidDataset } from './camvid/camvid-dataset.ts'
import { openCityscapesDataset } from './cityscapes/cityscapes-dataset.ts'
import { openCocoDataset, openCrowdposeDataset } from './coco/coco-dataset.ts'
import type { Dataset, DatasetRecipe } from './dataset.ts'
import { checkFolder, detectFormat } from './detect-format.ts'
import { openDrawnCrowdDataset } from './drawn/drawn-crowd-dataset.ts'
import { openDrawnPoseDataset } from './drawn/drawn-pose-dataset.ts'
import { openDrawnStreetDataset } from './drawn/drawn-street-dataset.ts'
import { openFolderDataset } from './folder/folder-dataset.ts'
import { groupByPicture } from './group-by-picture.ts'
import { openMpiiDataset } from './mpii/mpii-dataset.ts'
import { PictureIndex } from './picture-index.ts'
import type { FolderOptions } from './pose-dataset.ts'
import { openPoseFiles } from './pose-files.ts'
import { openSegmentationFiles } from './segmentation-files.ts'

export { detectFormat } from './detect-format.ts'

export interface OpenDatasetOptions {
  /** Bytes of decoded pictures kept in memory. */
  readonly cacheBytes?: number
  /** Folder for what was found out about pictures; absent: every picture is looked at again. */
  readonly cacheFolder?: string | null
}

/**
 * Opens the data of a run: validates it, cuts its splits and tells what was found.
 *
 * @param seed - Decides which training images become the search split of real data; drawn data has its own seed.
 * @throws EngineError DATASET, by the name of the file or field that cannot be used.
 */
export async function openDataset(
  config: DatasetConfig,
  task: TaskKind,
  seed: number,
  options: OpenDatasetOptions = {},
): Promise<Dataset> {
  const cacheBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES
  if (config.source === 'drawn') {
    return openDrawn(config, task, cacheBytes)
  }
  checkTask(config.source, task)
  const path = await checkFolder(config.path)
  const index = await PictureIndex.open(options.cacheFolder ?? null, path)
  const dataset = await openFormat(config.source, { ...{ path, config, seed, cacheBytes }, index })
  await index.save()
  return task === 'bottom-up-pose' && dataset.kind === 'pose' ? groupByPicture(dataset) : dataset
}

/** Opens a data set that another thread has checked, without looking at a file. */
export function openRecipe(recipe: DatasetRecipe, cacheBytes: number): Dataset {
  switch (recipe.kind) {
    case 'drawn':
      return openDrawn(recipe.config, recipe.task, cacheBytes)
    case 'pose-files':
      return openPoseFiles(recipe, cacheBytes)
    case 'segmentation-files':
      return openSegmentationFiles(recipe, cacheBytes)
    case 'scene-files':
      return groupByPicture(openPoseFiles(recipe.files, cacheBytes))
    default:
      return recipe satisfies never
  }
}

function openDrawn(config: DatasetConfig, task: TaskKind, cacheBytes: number): Dataset {
  switch (task) {
    case 'pose':
      return openDrawnPoseDataset(config, cacheBytes)
    case 'segmentation':
      return openDrawnStreetDataset(config, cacheBytes)
    case 'bottom-up-pose':
      return openDrawnCrowdDataset(config, cacheBytes)
    default:
      return task satisfies never
  }
}

function openFormat(format: DatasetFormat, options: FolderOptions): Promise<Dataset> {
  switch (format) {
    case 'coco':
      return openCocoDataset(options)
    case 'crowdpose':
      return openCrowdposeDataset(options)
    case 'mpii':
      return openMpiiDataset(options)
    case 'cityscapes':
      return openCityscapesDataset(options)
    case 'camvid':
      return openCamvidDataset(options)
    case 'folder':
      return openFolderDataset(options)
    default:
      return format satisfies never
  }
}

/** Share of the training split that a look at a folder assumes for the search; a run may choose another. */
const INSPECTED_FRACTION = 0.15

/** What is in a folder, without a run. @throws EngineError DATASET. */
export async function inspectDatasetFolder(
  path: string,
  format: DatasetFormat | null,
  cacheFolder: string | null = null,
): Promise<DatasetFacts> {
  const folder = await checkFolder(path)
  const index = await PictureIndex.open(cacheFolder, folder)
  const config = { searchFraction: INSPECTED_FRACTION }
  const options = { path: folder, config, seed: 0, cacheBytes: 0, index }
  const { facts } = await openFormat(format ?? (await detectFormat(folder)), options)
  await index.save()
  return facts
}

const POSE_FORMATS: readonly DatasetFormat[] = ['coco', 'crowdpose', 'mpii']

function checkTask(format: DatasetFormat, task: TaskKind): void {
  const needed: TaskKind = POSE_FORMATS.includes(format) ? 'pose' : 'segmentation'
  if (!servesTask({ task: needed }, task)) {
    throw new EngineError('DATASET', `data of layout '${format}' is for ${needed}, the run's task is ${task}`)
  }
}
