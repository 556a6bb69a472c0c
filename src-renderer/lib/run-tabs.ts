import type { RunSummary } from '../../src-main/contract/index.ts'

export type RunTab = 'overview' | 'charts' | 'search' | 'log' | 'config' | 'environment'

export const RUN_TABS: readonly { readonly value: RunTab; readonly label: string }[] = [
  { value: 'overview', label: 'Overview' },
  { value: 'charts', label: 'Charts' },
  { value: 'search', label: 'Search' },
  { value: 'log', label: 'Log' },
  { value: 'config', label: 'Config' },
  { value: 'environment', label: 'Environment' },
]

/** What to show of a run while nobody has chosen a tab: what is happening in it. */
export function defaultRunTab(run: Pick<RunSummary, 'status' | 'phase'> | null): RunTab {
  if (run?.status !== 'running' || run.phase === null) {
    return 'overview'
  }
  if (run.phase === 'teacher' || run.phase === 'supernet') {
    return 'charts'
  }
  return run.phase === 'prepare' ? 'overview' : 'search'
}
