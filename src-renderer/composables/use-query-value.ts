import { computed, ref, watch } from 'vue'
import type { WritableComputedRef } from 'vue'
import { useRoute, useRouter } from 'vue-router'
import type { LocationQuery, Router } from 'vue-router'

type Changes = Map<string, string | null>

/** Changes of one moment go into the address together: two navigations would undo each other. */
const pending = new WeakMap<Router, Changes>()

/**
 * A piece of view state that lives in the address, so that a link restores what was seen; null removes it. It changes at once, the
 * address follows.
 */
export function useQueryValue(name: string): WritableComputedRef<string | null> {
  const route = useRoute()
  const router = useRouter()
  const value = ref(textOf(route.query, name))
  watch(
    () => textOf(route.query, name),
    (text) => {
      value.value = text
    },
  )
  return computed({
    get: () => value.value,
    set: (next) => {
      value.value = next
      putLater(router, name, next)
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

function textOf(query: LocationQuery, name: string): string | null {
  const value = query[name]
  return typeof value === 'string' ? value : null
}

function putLater(router: Router, name: string, value: string | null): void {
  const waiting = pending.get(router)
  if (waiting !== undefined) {
    waiting.set(name, value)
    return
  }
  const changes: Changes = new Map([[name, value]])
  pending.set(router, changes)
  queueMicrotask(() => {
    pending.delete(router)
    const others = Object.entries(router.currentRoute.value.query).filter(([key]) => !changes.has(key))
    const kept = [...changes].filter(([, text]) => text !== null)
    void router.replace({ query: Object.fromEntries([...others, ...kept]) })
  })
}
