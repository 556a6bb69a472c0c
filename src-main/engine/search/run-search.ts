import { EngineError } from '../../contract/index.ts'
import type { CandidateState } from '../../contract/index.ts'
import { countCandidates } from '../configure/estimate-cost.ts'
import type { SearchSetup } from '../configure/search-setup.ts'
import { searchLane } from '../pipeline/run-context.ts'
import type { RunContext } from '../pipeline/run-context.ts'
import { evaluateLease, leaseCandidates } from './evaluate-lease.ts'
import { closeGeneration, openInitialGeneration } from './ledger.ts'

/**
 * The search as a ledger (method.md 7.5, 7.7): rows are proposed, leased by workers, and final once evaluated or failed; when all
 * rows of a generation are final, it is closed and the next one written. It goes on wherever the rows say it stands.
 */
export async function runSearch(context: RunContext, setup: SearchSetup): Promise<void> {
  const { store, runId } = context
  store.candidates.returnAllLeases(runId)
  await openInitialGeneration(context, setup)
  let hasNext = true
  while (hasNext) {
    const newest = store.candidates.newestGeneration(runId)
    if (newest === null || newest.closed) {
      break
    }
    await evaluateGeneration(context, newest.generation)
    hasNext = await closeGeneration(context, setup, newest.generation)
  }
  await releaseSearchLanes(context)
}

export async function releaseSearchLanes({ executor, plan }: RunContext): Promise<void> {
  await executor.release(laneNames(plan.searchWorkers))
}

/** Several workers side by side; each takes the next rows when it is done with its own. The first error ends them all. */
async function evaluateGeneration(context: RunContext, generation: number): Promise<void> {
  const onFinal = (): void => {
    reportSearchProgress(context, generation)
  }
  onFinal()
  await runSideBySide(context, laneNames(context.plan.searchWorkers), async (lane, signal) => {
    for (;;) {
      const lease = leaseCandidates(context, generation)
      if (lease === null) {
        return
      }
      await evaluateLease(context, { lane, lease, signal, onFinal })
    }
  })
}

/** Runs `work` in every lane; the first failure stops the others, which end at a safe point before it is thrown. */
export async function runSideBySide(
  context: Pick<RunContext, 'signal'>,
  lanes: readonly string[],
  work: (lane: string, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const group = new AbortController()
  const signal = AbortSignal.any([context.signal, group.signal])
  let firstError: unknown = null
  await Promise.all(
    lanes.map(async (lane) => {
      try {
        await work(lane, signal)
      } catch (thrown) {
        firstError ??= thrown
        group.abort()
      }
    }),
  )
  if (firstError !== null) {
    throw firstError instanceof Error ? firstError : new EngineError('INTERNAL', JSON.stringify(firstError))
  }
}

export function laneNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => searchLane(index))
}

function reportSearchProgress({ store, runId, config, progress }: RunContext, generation: number): void {
  const counts: Readonly<Record<CandidateState, number>> = store.candidates.countByState(runId)
  const done = counts.evaluated + counts.failed
  const total = countCandidates(config)
  const note = `generation ${String(generation)} of ${String(config.search.generations)}, ${String(done)} of ${String(total)} candidates`
  progress.report(done, total, note)
}
