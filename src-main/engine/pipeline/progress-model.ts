import { RUN_PHASES } from '../../contract/index.ts'
import type { DatasetFacts, RunConfig, RunPhase } from '../../contract/index.ts'
import { isDistilled, needsTeacher } from '../../nas/distillation-weight.ts'
import { countCandidates } from '../configure/estimate-cost.ts'
import type { SearchSetup } from '../configure/search-setup.ts'

/** How much there is to do in each phase: images through a network, times multiply-adds. Only ratios matter. */
export type PhaseWork = Readonly<Record<RunPhase, number>>

/** A training image costs a forward and a backward pass of twice its size. */
const TRAINING_PASSES = 3
/** Reading and checking a dataset, as a share of everything that follows; measured on small runs. */
const PREPARE_SHARE = 0.02
/** Front members that are scored on the report split. */
export const REPORT_MEMBERS = 12

export function estimateWork(config: RunConfig, setup: SearchSetup, dataset: DatasetFacts | null): PhaseWork {
  const { teacher, supernet, search } = config
  const largest = setup.largest.macs
  const mean = (setup.smallest.macs + largest) / 2
  const trainImages = dataset?.splits.train ?? config.dataset.drawn.train
  const searchImages = Math.min(
    dataset?.splits.search ?? config.dataset.drawn.search,
    config.dataset.searchLimit,
  )
  const reportImages = Math.min(
    dataset?.splits.report ?? config.dataset.drawn.report,
    config.dataset.reportLimit,
  )
  const passes = search.flipTest ? 2 : 1
  const recalibration = search.recalibrationBatches * search.recalibrationBatchSize
  const teacherPass = isDistilled(supernet) ? largest : 0
  const work = {
    teacher: (needsTeacher(supernet) ? teacher.epochs : 0) * trainImages * TRAINING_PASSES * largest,
    supernet: supernet.epochs * trainImages * (TRAINING_PASSES * mean + teacherPass),
    search: countCandidates(config) * (recalibration + searchImages * passes) * mean,
    report: REPORT_MEMBERS * (recalibration + reportImages * passes) * mean,
  }
  return { prepare: PREPARE_SHARE * sum(Object.values(work)), ...work }
}

export interface PhaseProgress {
  readonly phase: RunPhase
  readonly isDone: boolean
  /** Measured wall seconds so far. */
  readonly seconds: number
}

export interface CurrentProgress {
  readonly phase: RunPhase
  /** 0..1 of the phase. */
  readonly fraction: number
  /** Seconds and fraction since this attempt took it up, for its present pace. */
  readonly secondsHere: number
  readonly fractionHere: number
}

export interface Progress {
  readonly progress: number
  readonly secondsLeft: number | null
}

/** A pace measured over less than this says nothing: loading and the first compilation are in it. */
const LEAST_FRACTION = 0.01

/**
 * Progress of the whole run, each phase weighed by its seconds: measured where it is done, from the present pace where it runs,
 * from the work ahead at the pace of the nearest measured phase where it is to come.
 */
export function computeProgress(
  work: PhaseWork,
  phases: readonly PhaseProgress[],
  current: CurrentProgress,
): Progress {
  const expected = expectSeconds(work, phases, current)
  if (expected === null) {
    const done = sum(RUN_PHASES.map((phase) => work[phase] * fractionOf(phase, phases, current)))
    return { progress: done / sum(Object.values(work)), secondsLeft: null }
  }
  const total = sum(Object.values(expected))
  const left = sum(RUN_PHASES.map((phase) => expected[phase] * (1 - fractionOf(phase, phases, current))))
  return { progress: total > 0 ? 1 - left / total : 0, secondsLeft: left }
}

function fractionOf(phase: RunPhase, phases: readonly PhaseProgress[], current: CurrentProgress): number {
  if (phases.some((row) => row.phase === phase && row.isDone)) {
    return 1
  }
  return phase === current.phase ? current.fraction : 0
}

function expectSeconds(
  work: PhaseWork,
  phases: readonly PhaseProgress[],
  current: CurrentProgress,
): Record<RunPhase, number> | null {
  const measured: Partial<Record<RunPhase, number>> = {}
  for (const { phase, isDone, seconds } of phases) {
    if (isDone) {
      measured[phase] = seconds
    }
  }
  if (current.fractionHere >= LEAST_FRACTION) {
    measured[current.phase] = current.secondsHere / current.fractionHere
  }
  const pace = (candidates: readonly RunPhase[]): number | null => {
    const known = candidates.filter((phase) => measured[phase] !== undefined && work[phase] > 0)
    const seconds = sum(known.map((phase) => measured[phase] ?? 0))
    return known.length === 0 ? null : seconds / sum(known.map((phase) => work[phase]))
  }
  const training = pace(['teacher', 'supernet'])
  const scoring = pace(['search', 'report'])
  const anyPace = training ?? scoring
  if (anyPace === null) {
    return null
  }
  const expect = (phase: RunPhase, perWork: number | null): number =>
    measured[phase] ?? work[phase] * (perWork ?? anyPace)
  return {
    prepare: measured.prepare ?? work.prepare * anyPace,
    teacher: expect('teacher', training),
    supernet: expect('supernet', training),
    search: expect('search', scoring),
    report: expect('report', scoring),
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
