/** Lets any number of readers sleep until something was written. */
export class WakeUp {
  readonly #sleepers = new Set<() => void>()
  #isClosed = false

  get isClosed(): boolean {
    return this.#isClosed
  }

  notify(): void {
    const woken = [...this.#sleepers]
    this.#sleepers.clear()
    woken.forEach((wake) => {
      wake()
    })
  }

  /** Resolves at the next `notify`, when the signal aborts, or when closed. Take it before reading, or a write in between is missed. */
  wait(signal: AbortSignal): Promise<void> {
    if (this.#isClosed || signal.aborted) {
      return Promise.resolve()
    }
    return new Promise((resolve) => {
      const wake = (): void => {
        signal.removeEventListener('abort', wake)
        this.#sleepers.delete(wake)
        resolve()
      }
      signal.addEventListener('abort', wake)
      this.#sleepers.add(wake)
    })
  }

  close(): void {
    this.#isClosed = true
    this.notify()
  }
}
