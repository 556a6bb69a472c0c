import type { CandidateIntervals } from '../../contract/index.ts'
import type { Store } from '../../store/store.ts'
import { measureIntervals } from './measure-intervals.ts'
import type { IntervalQuestion } from './measure-intervals.ts'

/** Of runs that are looked at side by side, both splits. */
const MOST_KEPT = 16

/** Intervals as long as no candidate is scored anew; who asks meanwhile shares the work under way. */
export function keepIntervals(store: Store): (question: IntervalQuestion) => Promise<CandidateIntervals> {
  const kept = new Map<string, Promise<CandidateIntervals>>()
  return (question) => {
    const { runId, split } = question
    const key = JSON.stringify([
      runId,
      split,
      store.candidates.countByState(runId).evaluated,
      store.candidates.reportScores(runId).length,
    ])
    const known = kept.get(key)
    if (known !== undefined) {
      return known
    }
    const measured = measureIntervals(store, question)
    kept.set(key, measured)
    // An error is not kept: the next one who asks tries again.
    measured.catch(() => kept.delete(key))
    for (const oldest of [...kept.keys()].slice(0, -MOST_KEPT)) {
      kept.delete(oldest)
    }
    return measured
  }
}
