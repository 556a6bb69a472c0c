import { watch } from 'vue'
import type { RunDetails } from '../../src-main/contract/index.ts'
import { useCandidatesStore } from '../stores/candidates-store.ts'
import { useIntervalsStore } from '../stores/intervals-store.ts'

/** Intervals of a run, asked for anew when a generation has closed or the report split has more scores. */
export function useIntervals(run: () => RunDetails | null) {
  const candidates = useCandidatesStore()
  const intervals = useIntervalsStore()
  watch(
    () => {
      const closed = candidates.generations.filter((generation) => generation.closed).length
      return [run()?.id ?? null, closed, run()?.reportScores.length ?? 0] as const
    },
    async ([id]) => {
      if (id !== null) {
        await intervals.load(id)
      }
    },
    { immediate: true },
  )
  return intervals
}
