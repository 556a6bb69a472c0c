import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import type { Ref } from 'vue'
import type { FineTuneStatus } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'

/** An epoch takes seconds at least; asking is cheap. */
const POLL_MS = 1000

export interface FineTuning {
  /** Null until the engine has answered for this candidate. */
  readonly status: Readonly<Ref<FineTuneStatus | null>>
  /** A request to start or stop is on its way. */
  readonly isAsking: Readonly<Ref<boolean>>
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** The fine-tune of the candidate shown; asks again while one is under way. */
export function useFineTuning(candidateId: () => string): FineTuning {
  const { candidates } = useEngine().calls
  const status = shallowRef<FineTuneStatus | null>(null)
  const isAsking = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let isDisposed = false
  onScopeDispose(() => {
    isDisposed = true
    clearTimeout(timer)
  })

  /** An answer for a candidate that is no longer shown is dropped. */
  async function show(ask: (id: string) => Promise<FineTuneStatus>): Promise<void> {
    const id = candidateId()
    const answer = await ask(id)
    if (isDisposed || id !== candidateId()) {
      return
    }
    status.value = answer
    clearTimeout(timer)
    if (answer.running !== null) {
      timer = setTimeout(() => void refresh(), POLL_MS)
    }
  }

  function refresh(): Promise<void> {
    return show((id) => candidates.fineTuning.query({ id }))
  }

  async function order(ask: (id: string) => Promise<FineTuneStatus>): Promise<void> {
    isAsking.value = true
    try {
      await show(ask)
    } finally {
      isAsking.value = false
    }
  }

  watch(
    candidateId,
    () => {
      status.value = null
      clearTimeout(timer)
      return refresh()
    },
    { immediate: true },
  )
  return {
    status,
    isAsking,
    start: () => order((id) => candidates.fineTune.mutate({ id })),
    stop: () => order((id) => candidates.stopFineTuning.mutate({ id })),
  }
}
