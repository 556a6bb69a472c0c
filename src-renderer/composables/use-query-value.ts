import { computed } from 'vue'
import type { WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'

/** A piece of view state that lives in the address, so that a link restores what was seen; null removes it. */
export function useQueryValue(name: string): WritableComputedRef<string | null> {
  const route = useRoute()
  const router = useRouter()
  return computed({
    get: () => {
      const value = route.query[name]
      return typeof value === 'string' ? value : null
    },
    set: (value) => {
      const others = Object.entries(route.query).filter(([key]) => key !== name)
      const query = Object.fromEntries(value === null ? others : [...others, [name, value] as const])
      void router.replace({ query })
    },
  })
}

export function useQueryNumber(name: string): WritableComputedRef<number | null> {
  const text = useQueryValue(name)
  return computed({
    get: () => {
      const value = Number(text.value)
      return text.value === null || text.value === '' || !Number.isFinite(value) ? null : value
    },
    set: (value) => {
      text.value = value === null ? null : String(value)
    },
  })
}
