import { onScopeDispose, ref } from 'vue'
import type { Ref } from 'vue'

/** The present time in milliseconds, renewed at an interval while the caller lives. */
export function useNow(everyMs = 1000): Readonly<Ref<number>> {
  const now = ref(Date.now())
  const timer = setInterval(() => {
    now.value = Date.now()
  }, everyMs)
  onScopeDispose(() => {
    clearInterval(timer)
  })
  return now
}
