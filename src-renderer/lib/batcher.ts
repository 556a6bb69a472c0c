/** Hands items on in batches: the first at once, later ones at most every `everyMs`. */
export interface Batcher<T> {
  add(items: readonly T[]): void
  /** Forgets what waits. */
  clear(): void
}

export interface BatcherOptions<T> {
  readonly everyMs: number
  readonly flush: (items: readonly T[]) => void
}

/** Drawing eleven curves anew costs more than a tenth of a second has to give on a busy machine. */
export function createBatcher<T>({ everyMs, flush }: BatcherOptions<T>): Batcher<T> {
  let waiting: T[] = []
  let timer: ReturnType<typeof setTimeout> | null = null

  function handOn(): void {
    const items = waiting
    waiting = []
    timer = items.length === 0 ? null : setTimeout(handOn, everyMs)
    if (items.length > 0) {
      flush(items)
    }
  }

  return {
    add(items) {
      waiting.push(...items)
      if (timer === null) {
        handOn()
      }
    },
    clear() {
      waiting = []
      if (timer !== null) {
        clearTimeout(timer)
        timer = null
      }
    },
  }
}
