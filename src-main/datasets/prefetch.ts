/** Batches that wait computed: enough to smooth over a slow decode, few enough to stay small in memory. */
export const PREFETCHED_BATCHES = 4

/** Counts how far the producer may run ahead of the consumer. */
export class Allowance {
  private left: number
  private wake: (() => void) | null = null

  constructor(ahead: number) {
    this.left = ahead
  }

  /** One was consumed. */
  give(): void {
    this.left++
    this.wake?.()
    this.wake = null
  }

  /** Resolves once one more may be produced. One caller at a time. */
  async take(): Promise<void> {
    while (this.left === 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve
      })
    }
    this.left--
  }
}
