import type { MetricPoint } from '../../src-main/contract/index.ts'

export interface CurvePoint {
  readonly iteration: number
  readonly epoch: number
  readonly value: number
}

/** One line of the loss chart: a turn of the sampling cycle, or the teacher (turn -1). */
export interface TurnCurve {
  readonly turn: number
  readonly label: string
  /** Points that count, attempt after attempt. */
  readonly points: readonly CurvePoint[]
  /** Points of an earlier attempt behind the iteration at which a later one took over. */
  readonly overtaken: readonly CurvePoint[]
}

/**
 * Splits training metrics into one line a turn.
 *
 * @param turnLabels - Names by turn, smallest first; a turn beyond them is called by its number.
 */
export function turnCurves(
  points: readonly MetricPoint[],
  phase: MetricPoint['phase'],
  valueOf: (point: MetricPoint) => number,
  turnLabels: readonly string[],
): readonly TurnCurve[] {
  const ofPhase = points.filter((point) => point.phase === phase)
  const overtakenFrom = takeOverIterations(ofPhase)
  const turns = [...new Set(ofPhase.map((point) => point.turn))].toSorted((a, b) => a - b)
  return turns.map((turn) => {
    const ofTurn = ofPhase.filter((point) => point.turn === turn)
    const isOvertaken = (point: MetricPoint): boolean =>
      point.iteration >= (overtakenFrom.get(point.attempt) ?? Infinity)
    const toCurve = (point: MetricPoint): CurvePoint => ({
      iteration: point.iteration,
      epoch: point.epoch,
      value: valueOf(point),
    })
    return {
      turn,
      label: turn < 0 ? 'teacher' : (turnLabels[turn] ?? `turn ${turn.toString()}`),
      points: ofTurn.filter((point) => !isOvertaken(point)).map(toCurve),
      overtaken: ofTurn.filter(isOvertaken).map(toCurve),
    }
  })
}

/** First iteration of all later attempts, by attempt: from there on its own points are overtaken. */
export function takeOverIterations(points: readonly MetricPoint[]): ReadonlyMap<number, number> {
  const firstOf = new Map<number, number>()
  for (const point of points) {
    firstOf.set(point.attempt, Math.min(point.iteration, firstOf.get(point.attempt) ?? Infinity))
  }
  const attempts = [...firstOf.keys()].toSorted((a, b) => b - a)
  const takeOver = new Map<number, number>()
  let first = Infinity
  for (const attempt of attempts) {
    takeOver.set(attempt, first)
    first = Math.min(first, firstOf.get(attempt) ?? Infinity)
  }
  return takeOver
}
