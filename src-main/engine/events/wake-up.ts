/** Lets any number of readers sleep until something was written. */
export interface WakeUp {
  notify(): void
  /** Resolves at the next `notify`, when the signal aborts, or when closed. Take it before reading, or a note in between is lost. */
  wait(signal: AbortSignal): Promise<void>
  close(): void
  isClosed(): boolean
}

export function createWakeUp(): WakeUp {
  const sleepers = new Set<() => void>()
  let hasClosed = false
  const wakeAll = (): void => {
    const woken = [...sleepers]
    sleepers.clear()
    woken.forEach((wake) => {
      wake()
    })
  }
  return {
    notify: wakeAll,
    wait(signal) {
      if (hasClosed || signal.aborted) {
        return Promise.resolve()
      }
      return new Promise((resolve) => {
        const wake = (): void => {
          signal.removeEventListener('abort', wake)
          sleepers.delete(wake)
          resolve()
        }
        signal.addEventListener('abort', wake)
        sleepers.add(wake)
      })
    },
    close() {
      hasClosed = true
      wakeAll()
    },
    isClosed: () => hasClosed,
  }
}
