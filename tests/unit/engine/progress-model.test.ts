import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RUN_PHASES } from '../../../src-main/contract/index.ts'
import { computeProgress } from '../../../src-main/engine/pipeline/progress-model.ts'
import type { PhaseProgress, PhaseWork } from '../../../src-main/engine/pipeline/progress-model.ts'

const WORK: PhaseWork = { prepare: 2, teacher: 30, supernet: 50, search: 18, report: 2 }

describe('the progress of a run', () => {
  it('goes by the work ahead while no pace is known, and promises no time', () => {
    const current = { phase: 'prepare', fraction: 0.5, secondsHere: 0, fractionHere: 0 } as const
    expect(computeProgress(WORK, [], current)).toEqual({ progress: 1 / 102, secondsLeft: null })
  })

  it('takes the present pace for what runs and for what is like it', () => {
    // 10 s for half of 30 units: 20 s for the teacher; 2/3 s a unit: 33.3 s super-network, 12 s search, 1.33 s report and prepare.
    const phases: PhaseProgress[] = [{ phase: 'prepare', isDone: true, seconds: 1 }]
    const current = { phase: 'teacher', fraction: 0.5, secondsHere: 10, fractionHere: 0.5 } as const
    const { progress, secondsLeft } = computeProgress(WORK, phases, current)
    const left = 10 + 50 * (2 / 3) + 18 * (2 / 3) + 2 * (2 / 3)
    expect(secondsLeft).toBeCloseTo(left, 9)
    expect(progress).toBeCloseTo(11 / (11 + left), 9)
  })

  it('takes the measured pace of the search for the report', () => {
    const phases: PhaseProgress[] = [
      { phase: 'prepare', isDone: true, seconds: 1 },
      { phase: 'teacher', isDone: true, seconds: 30 },
      { phase: 'supernet', isDone: true, seconds: 50 },
      { phase: 'search', isDone: true, seconds: 180 },
    ]
    const current = { phase: 'report', fraction: 0, secondsHere: 0, fractionHere: 0 } as const
    expect(computeProgress(WORK, phases, current).secondsLeft).toBeCloseTo(20, 9)
  })

  it('counts the pace of this attempt only: an earlier one may have had another machine', () => {
    const current = { phase: 'supernet', fraction: 0.9, secondsHere: 10, fractionHere: 0.1 } as const
    const phases = RUN_PHASES.filter((phase) => phase === 'prepare' || phase === 'teacher').map((phase) => ({
      ...{ phase, isDone: true, seconds: 1000 },
    }))
    const { secondsLeft } = computeProgress({ ...WORK, search: 0, report: 0 }, phases, current)
    expect(secondsLeft).toBeCloseTo(10, 9)
  })

  it('stays between 0 and 1, with time left never negative, whatever is measured', () => {
    const seconds = fc.double({ min: 0, max: 1e6, noNaN: true })
    const fraction = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(
        fc.constantFrom(...RUN_PHASES),
        fraction,
        fraction,
        seconds,
        seconds,
        (phase, done, share, here, before) => {
          const phases = RUN_PHASES.slice(0, RUN_PHASES.indexOf(phase)).map((earlier) => ({
            ...{ phase: earlier, isDone: true, seconds: before },
          }))
          const current = { phase, fraction: done, secondsHere: here, fractionHere: done * share }
          const { progress, secondsLeft } = computeProgress(WORK, phases, current)
          expect(progress).toBeGreaterThanOrEqual(-1e-9)
          expect(progress).toBeLessThanOrEqual(1 + 1e-9)
          expect(secondsLeft ?? 0).toBeGreaterThanOrEqual(-1e-9)
        },
      ),
    )
  })
})
