import type { ClassFacts } from '../../contract/index.ts'
import { indexTable, type LabelTable } from '../label-map.ts'

const IGNORE = 255

/** Name, colour and label id of each trainId 0 to 18 (method.md 5.3; colours as the Cityscapes tools draw them). */
const TRAIN_CLASSES: readonly (readonly [name: string, color: string, id: number])[] = [
  ['road', '#804080', 7],
  ['sidewalk', '#f423e8', 8],
  ['building', '#464646', 11],
  ['wall', '#66669c', 12],
  ['fence', '#be9999', 13],
  ['pole', '#999999', 17],
  ['traffic light', '#faaa1e', 19],
  ['traffic sign', '#dcdc00', 20],
  ['vegetation', '#6b8e23', 21],
  ['terrain', '#98fb98', 22],
  ['sky', '#4682b4', 23],
  ['person', '#dc143c', 24],
  ['rider', '#ff0000', 25],
  ['car', '#00008e', 26],
  ['truck', '#000046', 27],
  ['bus', '#003c64', 28],
  ['train', '#005064', 31],
  ['motorcycle', '#0000e6', 32],
  ['bicycle', '#770b20', 33],
]

export const CITYSCAPES_CLASSES: ClassFacts = {
  names: TRAIN_CLASSES.map(([name]) => name),
  palette: TRAIN_CLASSES.map(([, color]) => color),
  ignoreLabel: IGNORE,
}

/** Ids that a labelIds map may hold: 0 to 33, and the lane lines that the newest tools add; -1 is stored as 255. */
const LAST_ID = 45

/** labelIds to trainIds: the nineteen classes, all other ids to 255; values that are no id are not allowed. */
export const LABEL_ID_TABLE: LabelTable = Int16Array.from({ length: 256 }, (_, value) => {
  const trainId = TRAIN_CLASSES.findIndex(([, , id]) => id === value)
  if (trainId >= 0) {
    return trainId
  }
  return value <= LAST_ID || value === IGNORE ? IGNORE : -1
})

/** For ready-made labelTrainIds maps. */
export const TRAIN_ID_TABLE: LabelTable = indexTable(TRAIN_CLASSES.length, IGNORE)
