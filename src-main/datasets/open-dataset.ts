import { EngineError, type DatasetConfig, type TaskKind } from '../contract/index.ts'
import { DEFAULT_CACHE_BYTES } from './byte-budget-cache.ts'
import type { Dataset } from './dataset.ts'
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
export function openDataset(
  config: DatasetConfig,
  task: TaskKind,
  _seed: number,
  options: OpenDatasetOptions = {},
): Promise<Dataset> {
  const cacheBytes = options.cacheBytes ?? DEFAULT_CACHE_BYTES
  if (config.source === 'drawn') {
    return Promise.resolve(
      task === 'pose' ? openDrawnPoseDataset(config, cacheBytes) : openDrawnStreetDataset(config, cacheBytes),
    )
  }
  return Promise.reject(new EngineError('DATASET', `data source '${config.source}' is not read yet`))
}
