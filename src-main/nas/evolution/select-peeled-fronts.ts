import { elementAt } from '../element-at.ts'
import { isScored, type ParetoPoint } from '../pareto/pareto-front.ts'
import { crowdingDistance, sortNonDominated, type MinimizedVector } from '../pareto/sort-non-dominated.ts'

/** A scored candidate; accuracy is null or NaN for those that failed. */
export interface SelectableRecord extends ParetoPoint {
  readonly id: string
}

export interface SelectionOptions {
  /**
   * Who of a last front that does not fit whole: its cheap end, as the reference does, or its least crowded points.
   * Default 'cheap'.
   */
  readonly tail?: 'cheap' | 'crowding'
  /**
   * Order of records of equal MACs: best accuracy first and then by id, so that no dominated twin enters (default), or as given,
   * as the reference does.
   */
  readonly ties?: 'accuracy' | 'given'
}

/**
 * Parents of the next generation (method.md 7.3): walks all records from cheap to expensive and takes each that beats the accuracy
 * of the last one taken, which is the Pareto front; then the same with the rest, until `count` are taken.
 *
 * @returns At most `count` records in the order of choice. Records without a finite accuracy never enter.
 * @throws RangeError if count is not a non-negative integer.
 */
export function selectPeeledFronts<Entry extends SelectableRecord>(
  records: readonly Entry[],
  count: number,
  { tail = 'cheap', ties = 'accuracy' }: SelectionOptions = {},
): Entry[] {
  requireCount(count)
  let rest = records.filter(isScored).toSorted((a, b) => {
    const byCost = a.macs - b.macs
    return byCost !== 0 || ties === 'given' ? byCost : b.accuracy - a.accuracy || compareText(a.id, b.id)
  })
  const selected: Entry[] = []
  while (selected.length < count && rest.length > 0) {
    const { front, others } = peel(rest)
    selected.push(...fit(front, count - selected.length, tail))
    rest = others
  }
  return selected
}

/**
 * The same interface for any number of objectives, e.g. accuracy, MACs and measured latency: whole fronts of the non-dominated
 * sorting, the last one by crowding distance.
 *
 * @param toMinimized - The objectives of a record, smaller is better on each; all records the same axes.
 * @returns At most `count` records; records with an objective that is not finite never enter.
 */
export function selectNonDominated<Entry extends { readonly id: string }>(
  records: readonly Entry[],
  count: number,
  toMinimized: (entry: Entry) => MinimizedVector,
): Entry[] {
  requireCount(count)
  const usable = records
    .map((entry) => ({ entry, point: toMinimized(entry) }))
    .filter(({ point }) => point.every(Number.isFinite))
    .toSorted((a, b) => comparePoints(a.point, b.point) || compareText(a.entry.id, b.entry.id))
  const selected: Entry[] = []
  for (const indices of sortNonDominated(usable.map(({ point }) => point))) {
    const front = indices.map((index) => elementAt(usable, index, 'records'))
    const room = count - selected.length
    const kept = front.length <= room ? front : leastCrowded(front, room, ({ point }) => point)
    selected.push(...kept.map(({ entry }) => entry))
    if (selected.length >= count) {
      break
    }
  }
  return selected
}

interface Scored {
  readonly macs: number
  readonly accuracy: number
}

/** One walk from cheap to expensive: the staircase of rising accuracy, and everything else. */
function peel<Entry extends Scored>(sorted: readonly Entry[]): { front: Entry[]; others: Entry[] } {
  const front: Entry[] = []
  const others: Entry[] = []
  let best = -Infinity
  for (const record of sorted) {
    if (record.accuracy > best) {
      front.push(record)
      best = record.accuracy
    } else {
      others.push(record)
    }
  }
  return { front, others }
}

function fit<Entry extends Scored>(
  front: readonly Entry[],
  room: number,
  tail: 'cheap' | 'crowding',
): readonly Entry[] {
  if (front.length <= room) {
    return front
  }
  return tail === 'cheap'
    ? front.slice(0, room)
    : leastCrowded(front, room, ({ macs, accuracy }) => [macs, -accuracy])
}

/** The `room` points with the most space around them, kept in the order of the front. */
function leastCrowded<Entry>(
  front: readonly Entry[],
  room: number,
  toMinimized: (entry: Entry) => MinimizedVector,
): Entry[] {
  const distances = crowdingDistance(front.map(toMinimized))
  const ranked = front
    .map((_, index) => index)
    .toSorted((a, b) => compareNumbers(distances[b] ?? 0, distances[a] ?? 0) || a - b)
  const kept = new Set(ranked.slice(0, room))
  return front.filter((_, index) => kept.has(index))
}

function requireCount(count: number): void {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`selection: count must be a non-negative integer, got ${String(count)}`)
  }
}

function comparePoints(a: MinimizedVector, b: MinimizedVector): number {
  for (const [axis, value] of a.entries()) {
    const order = compareNumbers(value, b[axis] ?? 0)
    if (order !== 0) {
      return order
    }
  }
  return 0
}

/** Unlike a difference also right for two infinities. */
function compareNumbers(a: number, b: number): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** By code units: a locale would make the choice depend on the machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
