import { EngineError } from '../contract/index.ts'
import { ByteBudgetCache } from './byte-budget-cache.ts'
import type { LabelledImage, SegmentationDataset, SegmentationFiles, SegmentationSample } from './dataset.ts'
import { decodeImage } from './image-file.ts'
import { loadLabelMap } from './label-map.ts'

/** Opens checked files: pictures and label maps are decoded when they are asked for and kept up to `cacheBytes`. */
export function openSegmentationFiles(files: SegmentationFiles, cacheBytes: number): SegmentationDataset {
  const cache = new ByteBudgetCache<LabelledImage>(
    cacheBytes,
    ({ image, labels }) => image.data.byteLength + labels.byteLength,
  )
  return {
    kind: 'segmentation',
    facts: files.facts,
    classes: files.classes,
    splits: files.splits,
    recipe: files,
    load: (sample) => cache.get(sample.id, () => loadFrame(files, sample)),
  }
}

async function loadFrame(files: SegmentationFiles, sample: SegmentationSample): Promise<LabelledImage> {
  const { id, width, height } = sample
  const frame = files.frames.get(id)
  if (frame === undefined) {
    throw new EngineError('NOT_FOUND', `no picture '${id}' in the data set`)
  }
  const [image, { labels }] = await Promise.all([
    decodeImage(frame.path, { isTurned: frame.isTurned }),
    loadLabelMap(frame.labelPath, { width, height, table: frame.labelTable }),
  ])
  if (image.width !== width || image.height !== height) {
    throw new EngineError(
      'DATASET',
      `${frame.path} now has ${String(image.width)} x ${String(image.height)} pixels, ` +
        `${String(width)} x ${String(height)} when the data set was opened`,
    )
  }
  return { image, labels }
}
