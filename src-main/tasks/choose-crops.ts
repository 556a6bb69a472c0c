import type { DetectedBoxes, DetectedCrop, PoseDataset, PoseSample } from '../datasets/dataset.ts'
import { spreadOver } from '../datasets/prepared-crops.ts'

/** What a split is scored on. */
export interface ChosenCrops {
  readonly crops: readonly DetectedCrop[]
  /** The persons to find where the boxes are a detector's; null: those of the crops. */
  readonly truth: readonly PoseSample[] | null
}

/**
 * The crops of a split: its persons in their annotated boxes, `limit` at most; or, of the report split where a detector's boxes are
 * given, all boxes of `limit` pictures at most, and everybody annotated there (method.md 6.2).
 */
export function chooseCrops(dataset: PoseDataset, split: 'search' | 'report', limit: number): ChosenCrops {
  const { detected, splits } = dataset
  if (split === 'search' || detected === undefined) {
    const samples = spreadOver(splits[split], limit)
    return { crops: samples.map((sample) => ({ sample, boxScore: 1 })), truth: null }
  }
  const pictures = new Set(choosePictures(detected, limit))
  return {
    crops: detected.crops.filter(({ sample }) => pictures.has(sample.imageKey)),
    truth: splits.report.filter(({ imageKey }) => pictures.has(imageKey)),
  }
}

/** Keys of the pictures that are scored with a detector's boxes, evenly spread over the split. */
export function choosePictures({ pictures }: DetectedBoxes, limit: number): readonly string[] {
  return spreadOver(pictures, limit)
}
