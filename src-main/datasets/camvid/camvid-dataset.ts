import { EngineError } from '../../contract/index.ts'
import { checkFrames } from '../check-frames.ts'
import type { SegmentationDataset } from '../dataset.ts'
import { indexTable } from '../label-map.ts'
import { LeftOut } from '../left-out.ts'
import type { FolderOptions } from '../pose-dataset.ts'
import { assembleSegmentationDataset } from '../segmentation-dataset.ts'
import { pairFiles } from '../pair-files.ts'
import { listSplits, readClasses, splitFolders } from './camvid-folder.ts'

/**
 * Opens a folder of `split/images`, `split/labels` and meta.json. The search split is cut from the training clips; the
 * report split is `test*` if there is one, else `val*`.
 *
 * @throws EngineError DATASET if a needed folder or file is missing or nothing usable is left.
 */
export async function openCamvidDataset(options: FolderOptions): Promise<SegmentationDataset> {
  const { path } = options
  const classes = await readClasses(path)
  const names = await listSplits(path)
  const reportName =
    names.find((name) => /^test/i.test(name)) ?? names.find((name) => /^(val|dev)/i.test(name))
  if (!names.includes('train') || reportName === undefined) {
    throw new EngineError(
      'DATASET',
      `${path}: needs train and test* or val*, each with images and labels; found ${names.join(', ') || 'none'}`,
    )
  }
  const leftOut = new LeftOut()
  const table = indexTable(classes.names.length, classes.ignoreLabel)
  const read = async (split: string) => {
    const pairs = await pairFiles({ path, ...splitFolders(split), split, table, leftOut })
    return checkFrames(pairs, leftOut, options.index)
  }
  const train = await read('train')
  const report = await read(reportName)
  const notes = names
    .filter((name) => name !== 'train' && name !== reportName)
    .map((name) => `${name} is not used`)
  return assembleSegmentationDataset({
    ...options,
    format: 'camvid',
    classes,
    train,
    report,
    reportName,
    leftOut,
    notes,
  })
}
