import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import type { LinkState } from '../api/engine.ts'

/** A loss shorter than this is not announced: a reload of the engine takes about as long. */
const ANNOUNCE_AFTER_MS = 900

export const useConnectionStore = defineStore('connection', () => {
  const state = ref<LinkState>('connecting')
  const lostAt = ref<number | null>(null)
  const attempts = ref(0)
  const isAnnounced = ref(false)
  const reopenedCount = ref(0)
  /** The engine answers but does not know this page's token: no call will ever succeed. */
  const isLockedOut = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined

  const isOpen = computed(() => state.value === 'open')

  function apply(next: LinkState, at: number): void {
    if (next === 'open') {
      opened()
    } else if (next === 'closed') {
      closed(at)
    }
    state.value = next
  }

  function opened(): void {
    clearTimeout(timer)
    if (lostAt.value !== null) {
      reopenedCount.value += 1
    }
    lostAt.value = null
    attempts.value = 0
    isAnnounced.value = false
  }

  function closed(at: number): void {
    attempts.value += 1
    if (lostAt.value === null) {
      lostAt.value = at
      timer = setTimeout(() => {
        isAnnounced.value = true
      }, ANNOUNCE_AFTER_MS)
    }
  }

  return { state, isOpen, lostAt, attempts, isAnnounced, reopenedCount, isLockedOut, apply }
})
