import { halfWidth } from '../contract/index.ts'
import type { CandidateIntervals } from '../contract/index.ts'

/** Ends of an interval, in [0, 1], with the neighbours on the front that it cannot be told apart from. */
export interface ScoreInterval {
  readonly low: number
  readonly high: number
  /** Numbers of candidates. */
  readonly neighbours: readonly number[]
}

/** How much of the front's order is certain, and how the report split has it. */
export interface CertainOrder {
  /** Numbers of a longest chain of members that each surely score higher than the one before. */
  readonly levels: readonly number[]
  /** The same on the report split. */
  readonly reportLevels: readonly number[]
  /** Whether the report split has `levels` in this order; null where it scored fewer than two of them. */
  readonly reportAgrees: boolean | null
}

export interface OrderedMember {
  readonly number: number
  readonly accuracy: number
  /** Scores on the report split; null where it was not scored there. */
  readonly report: Readonly<Record<string, number>> | null
  /** Null where no results by picture were kept. */
  readonly interval: ScoreInterval | null
  readonly reportInterval: ScoreInterval | null
}

export function findInterval({ members }: CandidateIntervals, candidateId: string): ScoreInterval | null {
  const found = members.find((member) => member.candidateId === candidateId)
  return found === undefined ? null : { low: found.low, high: found.high, neighbours: found.notApartFrom }
}

/** '38.1 ± 0.9' in percent; without an interval '38.12%', without a score '-'. */
export function scoreText(value: number | null, interval: ScoreInterval | null): string {
  if (value === null) {
    return '-'
  }
  return interval === null
    ? `${(100 * value).toFixed(2)}%`
    : `${(100 * value).toFixed(1)} ± ${(100 * halfWidth(interval)).toFixed(1)}`
}

export function numberText(number: number): string {
  return `#${String(number).padStart(4, '0')}`
}

/** Lines below the front's table; none without results by picture. */
export function describeOrder(front: readonly OrderedMember[], order: CertainOrder): string[] {
  if (order.levels.length === 0) {
    return []
  }
  const close = front.flatMap(({ number, interval }) =>
    interval === null || interval.neighbours.length === 0
      ? []
      : [`  ${numberText(number)} not told apart from ${interval.neighbours.map(numberText).join(', ')}`],
  )
  return [
    `order certain: ${countText(order.levels.length)} (${order.levels.map(numberText).join(' < ')}), ${agreementText(order.reportAgrees)}`,
    ...close,
    ...describeReport(front, order),
  ]
}

function countText(count: number): string {
  return count === 1 ? '1 level' : `${String(count)} levels`
}

function agreementText(agrees: boolean | null): string {
  if (agrees === null) {
    return 'not compared: the report split scored fewer than two of them'
  }
  return agrees ? 'the same on the report split' : 'another one on the report split'
}

/** Both orders of the members that the report split scored, one above the other. */
function describeReport(front: readonly OrderedMember[], { reportLevels }: CertainOrder): string[] {
  const scored = front.flatMap(({ number, accuracy, report }) => {
    const onReport = report?.['accuracy']
    return onReport === undefined ? [] : [{ number, accuracy, onReport }]
  })
  if (scored.length < 2) {
    return []
  }
  const line = (by: (member: (typeof scored)[number]) => number): string =>
    scored
      .toSorted((a, b) => by(a) - by(b))
      .map(({ number }) => numberText(number))
      .join(' ')
  return [
    `order on the search split: ${line(({ accuracy }) => accuracy)}`,
    `order on the report split: ${line(({ onReport }) => onReport)}, certain: ${countText(reportLevels.length)}`,
  ]
}
