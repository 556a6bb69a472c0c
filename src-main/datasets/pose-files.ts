import { EngineError } from '../contract/index.ts'
import { ByteBudgetCache } from './byte-budget-cache.ts'
import type { ImageRegion, PoseDataset, PoseFiles } from './dataset.ts'
import { loadRegion, planRegion } from './image-region.ts'

/** Opens checked files: pictures are decoded when they are asked for and kept up to `cacheBytes`. */
export function openPoseFiles(files: PoseFiles, cacheBytes: number): PoseDataset {
  const cache = new ByteBudgetCache<ImageRegion>(cacheBytes, (image) => image.data.byteLength)
  return {
    kind: 'pose',
    facts: files.facts,
    skeleton: files.skeleton,
    splits: files.splits,
    ignored: files.ignored ?? [],
    ...(files.detected === undefined ? {} : { detected: files.detected }),
    recipe: withoutBoxes(files),
    loadImage(sample) {
      const picture = files.pictures.get(sample.imageKey)
      if (picture === undefined) {
        return Promise.reject(new EngineError('NOT_FOUND', `no picture '${sample.imageKey}' in the data set`))
      }
      const region = planRegion(sample)
      return cache.get(region.key, () => loadRegion(picture, region))
    },
  }
}

/** Threads that make training batches need no boxes of a detector, of which there may be a hundred thousand. */
function withoutBoxes(files: PoseFiles): PoseFiles {
  const { kind, facts, skeleton, splits, pictures, ignored = [] } = files
  return { kind, facts, skeleton, splits, pictures, ignored }
}
