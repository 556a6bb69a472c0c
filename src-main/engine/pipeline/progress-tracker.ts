import type { RunPhase } from '../../contract/index.ts'
import type { Store } from '../../store/store.ts'
import type { EventHub } from '../events/event-hub.ts'
import { computeProgress } from './progress-model.ts'
import type { PhaseWork } from './progress-model.ts'

/** Seconds of a phase are written this often, so that a kill loses no more of them. */
const SAVE_SECONDS = 2

export interface ProgressTracker {
  /** Replaces the first guess once the dataset is known. */
  setWork(work: PhaseWork): void
  begin(phase: RunPhase): void
  /** `done` of `total` in the unit of the phase; the first call of a phase says where it was taken up. */
  report(done: number, total: number, note: string): void
  /** Adds the seconds since the last save to the phase. */
  save(): void
}

/** Follows one attempt of one run. `now` is in milliseconds of a clock that nobody sets. */
export function createProgressTracker(
  options: {
    readonly store: Store
    readonly hub: EventHub
    readonly runId: string
    readonly work: PhaseWork
  },
  now: () => number = () => performance.now(),
): ProgressTracker {
  const { store, hub, runId } = options
  let { work } = options
  let current: { readonly phase: RunPhase; readonly from: number; readonly fromFraction: number } | null =
    null
  let savedAt = now()
  let highest = store.runs.find(runId)?.progress ?? 0

  const save = (): void => {
    if (current !== null) {
      store.phases.addSeconds(runId, current.phase, (now() - savedAt) / 1000)
    }
    savedAt = now()
  }

  return {
    setWork(next) {
      work = next
    },
    begin(phase) {
      save()
      current = { phase, from: now(), fromFraction: Number.NaN }
      savedAt = now()
    },
    report(done, total, note) {
      if (current === null) {
        return
      }
      const fraction = total > 0 ? Math.min(1, done / total) : 0
      if (Number.isNaN(current.fromFraction)) {
        current = { ...current, fromFraction: fraction, from: now() }
      }
      if ((now() - savedAt) / 1000 >= SAVE_SECONDS) {
        save()
      }
      const phases = store.phases
        .list(runId)
        .map((row) => ({ phase: row.phase, isDone: row.completedAt !== null, seconds: row.seconds }))
      const { progress, secondsLeft } = computeProgress(work, phases, {
        phase: current.phase,
        fraction,
        secondsHere: (now() - current.from) / 1000,
        fractionHere: fraction - current.fromFraction,
      })
      highest = Math.max(highest, Math.min(1, progress))
      hub.addProgress(runId, { progress: highest, secondsLeft, note })
    },
    save,
  }
}
