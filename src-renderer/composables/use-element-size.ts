import { onUnmounted, ref, watch } from 'vue'
import type { Ref } from 'vue'

export interface ElementSize {
  readonly width: Ref<number>
  readonly height: Ref<number>
}

/** Content box of an element in CSS pixels, followed as it changes. */
export function useElementSize(element: Readonly<Ref<HTMLElement | null>>): ElementSize {
  const width = ref(0)
  const height = ref(0)
  const observer = new ResizeObserver(([entry]) => {
    if (entry !== undefined) {
      width.value = entry.contentRect.width
      height.value = entry.contentRect.height
    }
  })
  watch(
    element,
    (now, before) => {
      if (before) {
        observer.unobserve(before)
      }
      if (now) {
        observer.observe(now)
      }
    },
    { immediate: true, flush: 'post' },
  )
  onUnmounted(() => {
    observer.disconnect()
  })
  return { width, height }
}
