import { computed, ref, watch } from 'vue'
import type { ComputedRef, Ref } from 'vue'
import { useRoute } from 'vue-router'
import { errorInfoOf } from '../api/error-info.ts'
import { useConnectionStore } from '../stores/connection-store.ts'
import { useRunStore } from '../stores/run-store.ts'
import { useUiStore } from '../stores/ui-store.ts'
import { useReport } from './use-report.ts'

export interface OpenRun {
  readonly id: ComputedRef<string>
  /** The address names a run that the engine does not have. */
  readonly isMissing: Ref<boolean>
}

/** Keeps the run of the address open, and reads it again when the engine has come back. */
export function useOpenRun(): OpenRun {
  const route = useRoute()
  const run = useRunStore()
  const ui = useUiStore()
  const connection = useConnectionStore()
  const report = useReport()
  const isMissing = ref(false)
  const id = computed(() => (typeof route.params['id'] === 'string' ? route.params['id'] : ''))

  async function open(runId: string): Promise<void> {
    isMissing.value = false
    try {
      await run.open(runId, report)
      ui.lastRunId = runId
    } catch (thrown) {
      run.close()
      if (errorInfoOf(thrown).code !== 'NOT_FOUND') {
        throw thrown
      }
      isMissing.value = true
    }
  }

  watch(
    id,
    async (runId) => {
      if (runId !== '') {
        await open(runId)
      }
    },
    { immediate: true },
  )
  watch(
    () => connection.reopenedCount,
    () => run.reload(),
  )
  return { id, isMissing }
}
