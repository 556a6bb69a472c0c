import { EngineError } from '../../contract/index.ts'
import { checkFrames, type CheckedFrame } from '../check-frames.ts'
import type { SegmentationDataset } from '../dataset.ts'
import { LeftOut } from '../left-out.ts'
import type { FolderOptions } from '../pose-dataset.ts'
import { assembleSegmentationDataset } from '../segmentation-dataset.ts'
import { CITYSCAPES_CLASSES } from './cityscapes-classes.ts'
import { findRoots, listPairs, listSplits } from './cityscapes-folder.ts'

/** The test split is published without labels, so results are reported on this one (method.md 1). */
const REPORT_SPLIT = 'val'

/**
 * Opens Cityscapes: `leftImg8bit/{split}/{city}` and `gtFine/{split}/{city}`, nineteen classes, 255 not counted. The search
 * split is cut from train by city, else by sequence; the report split is val.
 *
 * @throws EngineError DATASET if a needed folder is missing or nothing usable is left.
 */
export async function openCityscapesDataset(options: FolderOptions): Promise<SegmentationDataset> {
  const { path } = options
  const roots = await findRoots(path)
  if (roots === null) {
    throw new EngineError('DATASET', `${path}: needs leftImg8bit/{split}/{city} and gtFine/{split}/{city}`)
  }
  const splits = await listSplits(path, roots)
  if (!splits.includes('train')) {
    throw new EngineError(
      'DATASET',
      `${path}: no pictures in ${roots.images}/train; found ${splits.join(', ') || 'no split'}`,
    )
  }
  const leftOut = new LeftOut()
  const read = async (split: string) =>
    checkFrames(await listPairs(path, roots, split, leftOut), leftOut, options.index)
  const train = await read('train')
  const report = splits.includes(REPORT_SPLIT) ? await read(REPORT_SPLIT) : null
  return assembleSegmentationDataset({
    ...options,
    format: 'cityscapes',
    classes: CITYSCAPES_CLASSES,
    train,
    report,
    reportName: REPORT_SPLIT,
    leftOut,
    notes: [
      describeCities([...train, ...(report ?? [])]),
      ...splits
        .filter((split) => split !== 'train' && split !== REPORT_SPLIT)
        .map((split) => `${split} is not used`),
    ],
  })
}

function describeCities(frames: readonly CheckedFrame[]): string {
  const cities = new Set(frames.map((frame) => frame.clip)).size
  const sequences = new Set(frames.map((frame) => frame.sequence)).size
  return `${String(cities)} cities, ${String(sequences)} sequences`
}
