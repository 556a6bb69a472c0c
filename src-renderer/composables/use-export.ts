import { ref, shallowRef, watch } from 'vue'
import type { Ref } from 'vue'
import type { ExportResult } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'
import { errorInfoOf } from '../api/error-info.ts'

export interface Exporting {
  readonly isBusy: Readonly<Ref<boolean>>
  readonly result: Readonly<Ref<ExportResult | null>>
  readonly failure: Readonly<Ref<string | null>>
  readonly start: () => Promise<void>
}

/** Writes the candidate shown as a network of its own; an answer for one that is no longer shown is dropped. */
export function useExport(candidateId: () => string): Exporting {
  const { candidates } = useEngine().calls
  const isBusy = ref(false)
  const result = shallowRef<ExportResult | null>(null)
  const failure = ref<string | null>(null)

  async function start(): Promise<void> {
    const id = candidateId()
    isBusy.value = true
    result.value = null
    failure.value = null
    const answer = await candidates.export.mutate({ id, format: 'safetensors', dropsDeadLayers: false }).then(
      (written) => ({ written, problem: null }),
      // What went wrong with one candidate belongs beside its button.
      (thrown: unknown) => ({ written: null, problem: errorInfoOf(thrown).message }),
    )
    if (id === candidateId()) {
      isBusy.value = false
      result.value = answer.written
      failure.value = answer.problem
    }
  }

  watch(candidateId, () => {
    isBusy.value = false
    result.value = null
    failure.value = null
  })
  return { isBusy, result, failure, start }
}
