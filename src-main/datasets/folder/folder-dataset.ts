import { EngineError } from '../../contract/index.ts'
import { checkFrames } from '../check-frames.ts'
import type { SegmentationDataset } from '../dataset.ts'
import { indexTable } from '../label-map.ts'
import { LeftOut } from '../left-out.ts'
import { pairFiles } from '../pair-files.ts'
import type { FolderOptions } from '../pose-dataset.ts'
import { assembleSegmentationDataset } from '../segmentation-dataset.ts'
import { readClassList } from './class-list.ts'
import { findFolderSplits, type FolderSplit } from './folder-layout.ts'

/**
 * Opens a folder of pictures and index PNGs with a list of classes, see {@link readClassList} and {@link findFolderSplits}. The
 * report split is `test*`, else `val*`; without either it is cut from the training pictures.
 *
 * @throws EngineError DATASET if a needed folder or file is missing or nothing usable is left.
 */
export async function openFolderDataset(options: FolderOptions): Promise<SegmentationDataset> {
  const { path } = options
  const classes = await readClassList(path)
  const splits = await findFolderSplits(path)
  const train = splits.find(({ split }) => /^(train|all)/i.test(split))
  if (train === undefined) {
    throw new EngineError(
      'DATASET',
      `${path}: no training pictures; needs train/images and train/labels, or images and labels ` +
        '(labels may be called masks or annotations)',
      [`splits found: ${splits.map(({ split }) => split).join(', ') || 'none'}`],
    )
  }
  const report =
    splits.find(({ split }) => /^test/i.test(split)) ?? splits.find(({ split }) => /^(val|dev)/i.test(split))
  const leftOut = new LeftOut()
  const table = indexTable(classes.names.length, classes.ignoreLabel)
  const read = async (split: FolderSplit) =>
    checkFrames(await pairFiles({ path, ...split, table, leftOut }), leftOut, options.index)
  return assembleSegmentationDataset({
    ...options,
    format: 'folder',
    classes,
    train: await read(train),
    report: report === undefined ? null : await read(report),
    reportName: report?.split ?? '',
    leftOut,
    notes: splits
      .filter((split) => split !== train && split !== report)
      .map(({ split }) => `${split} is not used`),
  })
}
