import { ref } from 'vue'
import type { Ref } from 'vue'
import { useRouter } from 'vue-router'
import { newRunId } from '../lib/new-run-id.ts'
import { useRunsStore } from '../stores/runs-store.ts'

export const DEMO_PRESET = 'micro-pose'

/** Starts the smallest complete run on drawn people and opens it. */
export function useStartDemo(): { readonly start: () => Promise<void>; readonly isStarting: Ref<boolean> } {
  const runs = useRunsStore()
  const router = useRouter()
  const isStarting = ref(false)

  async function start(): Promise<void> {
    isStarting.value = true
    try {
      const run = await runs.start({ id: newRunId(), name: 'demo', preset: DEMO_PRESET, overrides: {} })
      await router.push({ name: 'run', params: { id: run.id } })
    } finally {
      isStarting.value = false
    }
  }

  return { start, isStarting }
}
