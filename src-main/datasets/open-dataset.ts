import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError, type DatasetConfig, type DatasetFacts, type TaskKind } from '../contract/index.ts'
import { DEFAULT_CACHE_BYTES } from './byte-budget-cache.ts'
import { listSplits } from './camvid/camvid-folder.ts'
import { openCamvidDataset } from './camvid/camvid-dataset.ts'
import { openCocoDataset } from './coco/coco-dataset.ts'
import type { Dataset } from './dataset.ts'
import { groupByPicture } from './group-by-picture.ts'
import { openDrawnCrowdDataset } from './drawn/drawn-crowd-dataset.ts'
import { openDrawnPoseDataset } from './drawn/drawn-pose-dataset.ts'
import { openDrawnStreetDataset } from './drawn/drawn-street-dataset.ts'

export interface OpenDatasetOptions {
  /** Bytes of decoded pictures kept in memory. */
  readonly cacheBytes?: number
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
  switch (config.source) {
    case 'drawn':
      return openDrawn(config, task, cacheBytes)
    case 'coco':
      if (task === 'bottom-up-pose') {
        return groupByPicture(
          await openCocoDataset({ path: await checkFolder(config.path), config, seed, cacheBytes }),
        )
      }
      checkTask(config, task, 'pose')
      return openCocoDataset({ path: await checkFolder(config.path), config, seed, cacheBytes })
    case 'camvid':
      checkTask(config, task, 'segmentation')
      return openCamvidDataset({ path: await checkFolder(config.path), config, seed, cacheBytes })
    default: {
      const unknown: never = config.source
      throw new EngineError('BAD_REQUEST', `unknown data source '${String(unknown)}'`)
    }
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

/**
 * Which layout a folder has.
 *
 * @throws EngineError DATASET if it is missing or has neither.
 */
export async function detectFormat(path: string): Promise<'coco' | 'camvid'> {
  await checkFolder(path)
  const names = await readdir(path)
  if (
    names.includes('annotations') &&
    (await readdir(join(path, 'annotations'))).some((name) => name.endsWith('.json'))
  ) {
    return 'coco'
  }
  if (names.includes('meta.json') || (await listSplits(path)).length > 0) {
    return 'camvid'
  }
  throw new EngineError(
    'DATASET',
    `${path} is neither a COCO folder (annotations/*.json and images) nor a CamVid one (train/images, train/labels, meta.json)`,
    [`found there: ${names.slice(0, 20).join(', ') || 'nothing'}`],
  )
}

/** Share of the training split that a look at a folder assumes for the search; a run may choose another. */
const INSPECTED_FRACTION = 0.15

/** What is in a folder, without a run. @throws EngineError DATASET. */
export async function inspectDatasetFolder(
  path: string,
  format: 'coco' | 'camvid' | null,
): Promise<DatasetFacts> {
  const folder = await checkFolder(path)
  const options = { path: folder, config: { searchFraction: INSPECTED_FRACTION }, seed: 0, cacheBytes: 0 }
  const dataset =
    (format ?? (await detectFormat(folder))) === 'coco'
      ? await openCocoDataset(options)
      : await openCamvidDataset(options)
  return dataset.facts
}

function checkTask(config: DatasetConfig, task: TaskKind, needed: TaskKind): void {
  if (task !== needed) {
    throw new EngineError(
      'DATASET',
      `data of layout '${config.source}' is for ${needed}, the run's task is ${task}`,
    )
  }
}

async function checkFolder(path: string | undefined): Promise<string> {
  if (path === undefined) {
    throw new EngineError('DATASET', 'this data source needs a folder: dataset.path is missing')
  }
  const found = await stat(path).catch((error: unknown) => {
    throw new EngineError(
      'DATASET',
      `${path} cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
    )
  })
  if (!found.isDirectory()) {
    throw new EngineError('DATASET', `${path} is a file; needs the folder of a data set`)
  }
  return path
}
