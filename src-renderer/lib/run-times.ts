import type { RunSummary } from '../../src-main/contract/index.ts'

/** Seconds between the first start and the end, or now while it goes on; null if it never started. */
export function tookSeconds(run: Pick<RunSummary, 'startedAt' | 'endedAt'>, now: number): number | null {
  return run.startedAt === null ? null : Math.max(0, ((run.endedAt ?? now) - run.startedAt) / 1000)
}
