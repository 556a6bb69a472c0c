import type { JointTriples } from './draw-pose.ts'

export interface PersonPair {
  readonly found: JointTriples
  readonly labelled: JointTriples
}

/** Every labelled person with the found one whose joints are nearest on average, each found one once, near pairs first. */
export function pairPersons(
  found: readonly JointTriples[],
  labelled: readonly JointTriples[],
): readonly PersonPair[] {
  const pairs = labelled
    .flatMap((target, truth) =>
      found.map((person, index) => ({ truth, index, distance: meanDistance(person, target) })),
    )
    .toSorted((a, b) => a.distance - b.distance)
  const taken = { truths: new Set<number>(), found: new Set<number>() }
  return pairs.flatMap(({ truth, index }) => {
    const [person, target] = [found[index], labelled[truth]]
    if (taken.truths.has(truth) || taken.found.has(index) || person === undefined || target === undefined) {
      return []
    }
    taken.truths.add(truth)
    taken.found.add(index)
    return [{ found: person, labelled: target }]
  })
}

/** Over labelled joints, in pixels; infinite without any. */
function meanDistance(found: JointTriples, labelled: JointTriples): number {
  const distances = labelled.flatMap(([x, y, visibility], joint) => {
    const place = found[joint]
    return visibility > 0 && place !== undefined ? [Math.hypot(place[0] - x, place[1] - y)] : []
  })
  return distances.length === 0
    ? Infinity
    : distances.reduce((sum, distance) => sum + distance, 0) / distances.length
}
