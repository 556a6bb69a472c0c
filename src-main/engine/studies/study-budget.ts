import type { RunConfig, RunRequest } from '../../contract/index.ts'

export const STUDY_BUDGETS = ['small', 'tiny'] as const
export type StudyBudget = (typeof STUDY_BUDGETS)[number]

/** How many entries a study measures. */
export interface StudyCounts {
  /** Stratified genotypes scored under both samplings. */
  readonly sampling: number
  /** Stratified genotypes each trained alone. */
  readonly rank: number
  /** Depth settings of the fusion study, and coin draws for each where chance decides. */
  readonly fusionDepths: number
  readonly fusionDraws: number
  readonly recalibration: number
}

/** `small` is what method.md 11.3 asks for; `tiny` halves it and trains a third as long, to see the machinery work. */
export const STUDY_COUNTS: Readonly<Record<StudyBudget, StudyCounts>> = {
  small: { sampling: 60, rank: 20, fusionDepths: 20, fusionDraws: 3, recalibration: 30 },
  tiny: { sampling: 30, rank: 10, fusionDepths: 8, fusionDraws: 3, recalibration: 15 },
}

const TINY_TRAINING_SHARE = 1 / 3
const TINY_SEARCH = { initial: 20, generations: 4, perGeneration: 10, searchLimit: 120 } as const

/** What a budget changes of a preset; `--set` is laid over it. */
export function budgetOverrides(budget: StudyBudget, config: RunConfig): RunRequest['overrides'] {
  if (budget === 'small') {
    return {}
  }
  const shorten = (epochs: number): number => Math.max(1, Math.round(epochs * TINY_TRAINING_SHARE))
  return {
    'teacher.epochs': shorten(config.teacher.epochs),
    'supernet.epochs': shorten(config.supernet.epochs),
    'search.initial': TINY_SEARCH.initial,
    'search.generations': TINY_SEARCH.generations,
    'search.perGeneration': TINY_SEARCH.perGeneration,
    'dataset.searchLimit': Math.min(TINY_SEARCH.searchLimit, config.dataset.searchLimit),
  }
}
