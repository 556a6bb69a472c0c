import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CandidateIntervals, CandidateRow, MemberInterval } from '../../contract/index.ts'
import { elementAt } from '../../nas/element-at.ts'
import { paretoFront } from '../../nas/pareto/pareto-front.ts'
import { createRandom } from '../../nas/random.ts'
import { orderFront } from '../../nas/statistics/order-front.ts'
import type { FrontOrder } from '../../nas/statistics/order-front.ts'
import {
  INTERVAL_LEVEL,
  intervalOf,
  RESAMPLES,
  resampleScores,
} from '../../nas/statistics/resample-scores.ts'
import type { ResampleOptions } from '../../nas/statistics/resample-scores.ts'
import type { WeightedScore } from '../../nas/statistics/weighted-scores.ts'
import type { Store } from '../../store/store.ts'
import { countPictures, scoreOfPictures } from './score-of-pictures.ts'

export interface IntervalQuestion {
  readonly runId: string
  readonly split: 'search' | 'report'
}

/**
 * Intervals of front members and reference rows. Neighbours are neighbours on the front of the search split, on either split.
 * A resample is one piece of work, after which the engine answers others.
 */
export async function measureIntervals(
  store: Store,
  { runId, split }: IntervalQuestion,
): Promise<CandidateIntervals> {
  const reports = new Map(
    store.candidates
      .reportScores(runId)
      .map(({ candidateId, metrics }) => [candidateId, metrics['accuracy'] ?? null]),
  )
  const rows = store.candidates.rows(runId)
  const onFront = new Set(paretoFront(rows).map(({ id }) => id))
  const chosen = rows
    .filter(
      ({ id, accuracy, origin }) => accuracy !== null && (onFront.has(id) || origin.operator === 'reference'),
    )
    .toSorted((a, b) => a.macs - b.macs || a.number - b.number)
  const { members, pictures } = readMembers(store, { runId, split }, chosen)
  const scores = await inSteps(
    members.map(({ score }) => score),
    // Not of the run's name: equal results have equal intervals, whatever they are called.
    { pictures, random: createRandom('intervals', split) },
  )
  const drawn = members.map(({ row }, index) => ({
    row,
    scores: elementAt(scores, index, 'scores'),
    reportAccuracy: reports.get(row.id) ?? null,
  }))
  const front = drawn.filter(({ row }) => onFront.has(row.id))
  const order = orderFront(front)
  const numbers = front.map(({ row }) => row.number)
  return {
    ...{ split, level: INTERVAL_LEVEL, resamples: RESAMPLES, pictures },
    members: drawn.map(({ row, scores: own, reportAccuracy }): MemberInterval => ({
      ...{ candidateId: row.id, number: row.number, isFront: onFront.has(row.id) },
      accuracy: (split === 'search' ? row.accuracy : reportAccuracy) ?? 0,
      ...intervalOf(own),
      notApartFrom: notApart(numbers, order, row.number),
    })),
    levels: order.levels.flatMap((position) => numbers[position] ?? []),
    reportAgrees: order.reportAgrees,
  }
}

interface ReadMember {
  readonly row: CandidateRow
  readonly score: WeightedScore
}

/** Results of another number of pictures cannot be drawn together with the rest: those of the first member count. */
function readMembers(
  store: Store,
  { runId, split }: IntervalQuestion,
  rows: readonly CandidateRow[],
): { readonly members: readonly ReadMember[]; readonly pictures: number } {
  const found = rows.flatMap((row) => {
    const results = store.pictureResults.find({ runId, candidateId: row.id, split })
    return results === null
      ? []
      : [{ row, pictures: countPictures(results), score: scoreOfPictures(results) }]
  })
  const pictures = found[0]?.pictures ?? 0
  return { pictures, members: pictures === 0 ? [] : found.filter((member) => member.pictures === pictures) }
}

async function inSteps(
  members: readonly WeightedScore[],
  options: ResampleOptions,
): Promise<readonly Float64Array[]> {
  if (members.length === 0) {
    return []
  }
  const steps = resampleScores(members, options)
  for (;;) {
    const step = steps.next()
    if (step.done === true) {
      return step.value
    }
    await nextTurn()
  }
}

/** Both neighbours on the front of which it is not surely higher or lower. */
function notApart(numbers: readonly number[], { neighbours }: FrontOrder, number: number): number[] {
  const close = neighbours.filter(({ isApart }) => !isApart).map(({ position }) => position)
  return close.flatMap((position) => {
    const [cheaper, dearer] = [numbers[position] ?? 0, numbers[position + 1] ?? 0]
    return cheaper === number ? [dearer] : dearer === number ? [cheaper] : []
  })
}
