import { findPeaks, type Peak } from './find-peaks.ts'
import { groupByTags, meanTag, roundHalfToEven, type GroupedPerson } from './group-by-tags.ts'
import { heatAt, type JointMaps } from './joint-maps.ts'
import { groupingOrder } from './joint-order.ts'

export interface ParsedPerson {
  /** [J * 3]: x, y in map pixels (a quarter toward the higher neighbour, plus a half), heat; all 0 where there is none. */
  readonly keypoints: Float32Array
  /** Mean heat over all joints, missing ones as 0, before missing ones are filled in. */
  readonly score: number
}

export interface ParseOptions {
  readonly mostPersons: number
  /** Peaks of at most this heat are no candidates. */
  readonly detectionThreshold: number
  readonly tagThreshold: number
  /** Fills in joints that no peak was given for. */
  readonly refines: boolean
}

/** As published (HigherHRNet, all configurations). */
export const PUBLISHED_PARSING: ParseOptions = {
  mostPersons: 30,
  detectionThreshold: 0.1,
  tagThreshold: 1,
  refines: true,
}

/**
 * Persons of lower score are mostly joints that fitted into no group, filled in to whole bodies: lists and scores have them, pictures leave them
 * out (ours).
 */
export const LEAST_SHOWN_SCORE = 0.15

/** Persons from heat maps and tags (method.md 9.5): peaks, grouping, quarter shift, score, filling in what is missing. */
export function parsePersons(
  maps: JointMaps,
  options: ParseOptions = PUBLISHED_PARSING,
): readonly ParsedPerson[] {
  const peaks = findPeaks(maps, { most: options.mostPersons, threshold: options.detectionThreshold })
  const grouped = groupByTags(peaks, { ...options, order: groupingOrder(maps.joints) })
  return grouped.map((person) => placePerson(maps, person, options.refines))
}

function placePerson(maps: JointMaps, person: GroupedPerson, refines: boolean): ParsedPerson {
  const keypoints = new Float32Array(maps.joints * 3)
  let total = 0
  for (const [joint, peak] of person.entries()) {
    if (peak !== null) {
      keypoints.set([...shiftQuarter(maps, joint, peak), peak.value], joint * 3)
      total += peak.value
    }
  }
  if (refines) {
    fillIn(maps, person, keypoints)
  }
  return { keypoints, score: total / maps.joints }
}

/** A quarter toward the higher neighbour in each axis, then half a pixel; equal neighbours, and the border, count as lower. */
export function shiftQuarter(
  maps: JointMaps,
  joint: number,
  { x, y }: Pick<Peak, 'x' | 'y'>,
): readonly [x: number, y: number] {
  const right = heatAt(maps, joint, x + 1, y) > heatAt(maps, joint, x - 1, y)
  const below = heatAt(maps, joint, x, y + 1) > heatAt(maps, joint, x, y - 1)
  return [x + (right ? 0.25 : -0.25) + 0.5, y + (below ? 0.25 : -0.25) + 0.5]
}

/** Each missing joint goes where heat less the rounded distance of the tag from the person's mean is largest, if there is heat. */
function fillIn(maps: JointMaps, person: GroupedPerson, keypoints: Float32Array): void {
  const tags = person.flatMap((peak) => (peak === null ? [] : [peak.tag]))
  const mean = meanTag(tags)
  for (const [joint, peak] of person.entries()) {
    if (peak !== null) {
      continue
    }
    const best = findByTag(maps, joint, mean)
    if (best.value > 0) {
      keypoints.set([...shiftQuarter(maps, joint, best), best.value], joint * 3)
    }
  }
}

function findByTag(
  { height, width, heat, tags, tagSize }: JointMaps,
  joint: number,
  mean: readonly number[],
): Pick<Peak, 'x' | 'y' | 'value'> {
  const first = joint * height * width
  let best = 0
  let highest = -Infinity
  for (let pixel = 0; pixel < height * width; pixel++) {
    const value = heat[first + pixel] ?? Number.NaN
    // The distance only lowers it, so most pixels need no tag.
    if (value > highest) {
      let squared = 0
      for (let part = 0; part < tagSize; part++) {
        squared += ((tags[(first + pixel) * tagSize + part] ?? Number.NaN) - (mean[part] ?? 0)) ** 2
      }
      const rated = value - roundHalfToEven(Math.sqrt(squared))
      if (rated > highest) {
        highest = rated
        best = pixel
      }
    }
  }
  return { x: best % width, y: Math.floor(best / width), value: heat[first + best] ?? 0 }
}
