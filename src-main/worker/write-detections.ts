import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { CocoDetection } from '../tasks/pose-average-precision.ts'
import { writeAtomically } from './checkpoint-files.ts'

/**
 * Writes what was scored on the report split as a COCO result file below the run: `detections/GENOTYPE.json`, for
 * `scalenas evaluate keypoints` and for tools of others.
 */
export function writeDetections(
  runFolder: string,
  genotypeId: string,
  detections: readonly CocoDetection[],
): void {
  const folder = join(runFolder, 'detections')
  mkdirSync(folder, { recursive: true })
  writeAtomically(join(folder, `${genotypeId}.json`), Buffer.from(JSON.stringify(detections)))
}
