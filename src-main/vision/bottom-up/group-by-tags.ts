import type { Peak } from './find-peaks.ts'
import { minimumCostAssignment } from './minimum-cost-assignment.ts'

/** One person's joints; null where none was found. Shape [J]. */
export type GroupedPerson = readonly (Peak | null)[]

export interface GroupingOptions {
  /** Joints in the order of grouping. */
  readonly order: readonly number[]
  /** Groups that a joint may go to: the first so many. */
  readonly mostPersons: number
  /** A joint goes to a person if its tag is nearer than this to the person's mean. */
  readonly tagThreshold: number
}

interface Group {
  readonly joints: (Peak | null)[]
  tags: (readonly number[])[]
}

/** So costly that a candidate takes such a column only if nobody is left; it then opens a person. */
const NOBODY = 1e10
/** Distances count in whole steps, and far more than the heat. */
const DISTANCE_WEIGHT = 100

/**
 * Gives peaks to persons joint by joint (method.md 9.5; HigherHRNet `match_by_tag`): the assignment of least cost between this
 * joint's peaks and the mean tags of the persons so far; what is too far from everybody opens a person. Persons are known by the
 * first component of the tag that opened them: an equal one writes into the same person.
 *
 * @param peaks - Per joint, only those worth grouping.
 */
export function groupByTags(
  peaks: readonly (readonly Peak[])[],
  options: GroupingOptions,
): readonly GroupedPerson[] {
  const groups = new Map<number, Group>()
  for (const joint of options.order) {
    const candidates = peaks[joint] ?? []
    if (candidates.length === 0) {
      continue
    }
    const known = [...groups.values()].slice(0, options.mostPersons)
    const chosen = known.length === 0 ? candidates.map(() => null) : choosePersons(candidates, known, options)
    for (const [index, peak] of candidates.entries()) {
      const group = chosen[index] ?? openGroup(groups, peak, peaks.length)
      group.joints[joint] = peak
      group.tags.push(peak.tag)
    }
  }
  return [...groups.values()].map(({ joints }) => joints)
}

/** The person of each candidate; null opens one. */
function choosePersons(
  candidates: readonly Peak[],
  known: readonly Group[],
  { tagThreshold }: GroupingOptions,
): readonly (Group | null)[] {
  const means = known.map(({ tags }) => meanTag(tags))
  const columns = Math.max(known.length, candidates.length)
  const cost = new Float64Array(candidates.length * columns).fill(NOBODY)
  const distances = candidates.map(({ tag }) => means.map((mean) => tagDistance(tag, mean)))
  for (const [row, { value }] of candidates.entries()) {
    for (const [column, distance] of (distances[row] ?? []).entries()) {
      const own = roundHalfToEven(distance) * DISTANCE_WEIGHT - value
      // Tags of a network that diverged are near to nobody.
      cost[row * columns + column] = Number.isFinite(own) ? own : NOBODY
    }
  }
  const columnOf = minimumCostAssignment(cost, candidates.length, columns)
  return candidates.map((_, row) => {
    const column = columnOf[row] ?? columns
    const distance = distances[row]?.[column] ?? Infinity
    return distance < tagThreshold ? (known[column] ?? null) : null
  })
}

function openGroup(groups: Map<number, Group>, { tag }: Peak, joints: number): Group {
  const key = tag[0] ?? 0
  const group = groups.get(key) ?? { joints: new Array<Peak | null>(joints).fill(null), tags: [] }
  group.tags = []
  groups.set(key, group)
  return group
}

/** Component by component. */
export function meanTag(tags: readonly (readonly number[])[]): readonly number[] {
  const [first = []] = tags
  return first.map((_, part) => tags.reduce((sum, tag) => sum + (tag[part] ?? 0), 0) / tags.length)
}

export function tagDistance(a: readonly number[], b: readonly number[]): number {
  return Math.hypot(...a.map((value, part) => value - (b[part] ?? 0)))
}

/** As NumPy rounds: a half goes to the even neighbour. */
export function roundHalfToEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) {
    return rest < 0.5 ? floor : floor + 1
  }
  return floor % 2 === 0 ? floor : floor + 1
}
