import { onUnmounted, ref } from 'vue'
import type { Ref, WritableComputedRef } from 'vue'

/** As long as a chart takes to move, and time to look. */
const STEP_MS = 700

/** Plays a number from where it is to its last value, or from the beginning when it is there already. */
export function usePlayer(
  value: WritableComputedRef<number>,
  last: Readonly<Ref<number>>,
): { readonly isPlaying: Readonly<Ref<boolean>>; readonly toggle: () => void } {
  const isPlaying = ref(false)
  let timer: ReturnType<typeof setInterval> | undefined

  function stop(): void {
    clearInterval(timer)
    isPlaying.value = false
  }

  function toggle(): void {
    if (isPlaying.value) {
      stop()
      return
    }
    if (value.value >= last.value) {
      value.value = 0
    }
    isPlaying.value = true
    timer = setInterval(() => {
      if (value.value >= last.value) {
        stop()
      } else {
        value.value += 1
      }
    }, STEP_MS)
  }

  onUnmounted(stop)
  return { isPlaying, toggle }
}
