import type { AveragePrecisionOptions } from '../vision/keypoints/average-precision.ts'
import { crowdLevel, crowdPrecision } from '../vision/keypoints/crowd-precision.ts'

/**
 * CrowdPose's AP of easy, medium and hard pictures by name; empty unless every picture says how crowded it is, and without levels
 * that no picture has.
 *
 * @param crowdIndices - By image id.
 */
export function crowdNumbers(
  crowdIndices: ReadonlyMap<number | string, number | undefined>,
  options: AveragePrecisionOptions,
): Readonly<Record<string, number>> {
  if (crowdIndices.size === 0 || [...crowdIndices.values()].includes(undefined)) {
    return {}
  }
  const levelOf = (id: number | string): ReturnType<typeof crowdLevel> =>
    crowdLevel(crowdIndices.get(id) ?? 0)
  const { easy, medium, hard } = crowdPrecision({ ...options, levelOf })
  const known = Object.entries({ crowdEasy: easy, crowdMedium: medium, crowdHard: hard })
  return Object.fromEntries(known.filter(([, value]) => value >= 0))
}
