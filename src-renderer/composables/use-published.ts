import { computed, onMounted } from 'vue'
import type { ComputedRef } from 'vue'
import { matchPublished } from '../lib/published-points.ts'
import type { PublishedMark } from '../lib/published-points.ts'
import { usePublishedStore } from '../stores/published-store.ts'
import { useRunStore } from '../stores/run-store.ts'

/** The published results that may stand beside the open run's candidates. */
export function usePublished(): ComputedRef<readonly PublishedMark[]> {
  const run = useRunStore()
  const published = usePublishedStore()
  onMounted(published.load)
  return computed(() =>
    published.results === null || run.details === null ? [] : matchPublished(published.results, run.details),
  )
}
