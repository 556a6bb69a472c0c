import type { DatasetConfig, DatasetFacts } from '../../contract/index.ts'
import type { ImageRegion, SplitName } from '../dataset.ts'

const ID_DIGITS = 5

/** The three splits of drawn data: each sample follows from its id, 'train-00001' and on, alone. */
export function drawSplits<T>({ drawn }: DatasetConfig, draw: (id: string) => T): Record<SplitName, T[]> {
  const split = (name: SplitName): T[] =>
    Array.from({ length: drawn[name] }, (_, index) =>
      draw(`${name}-${String(index + 1).padStart(ID_DIGITS, '0')}`),
    )
  return { train: split('train'), search: split('search'), report: split('report') }
}

export function countSplits(splits: Readonly<Record<SplitName, readonly unknown[]>>): DatasetFacts['splits'] {
  return { train: splits.train.length, search: splits.search.length, report: splits.report.length }
}

/** A drawn picture as what readers of folders hand out: nothing was cropped or shrunk. */
export function wholeRegion(image: Pick<ImageRegion, 'data' | 'width' | 'height'>): ImageRegion {
  return { ...image, left: 0, top: 0, zoom: 1, imageWidth: image.width, imageHeight: image.height }
}
