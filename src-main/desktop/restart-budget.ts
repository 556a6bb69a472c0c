/** Five deaths in ten minutes are a defect that another start will not mend. */
const MOST_RESTARTS = 5
const WINDOW_MS = 10 * 60_000
const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 15_000

export interface RestartBudget {
  /**
   * @param now - Milliseconds on any steady clock.
   * @returns how long to wait before the next start, in milliseconds, doubling from 500 to 15,000; null when the budget is used up.
   */
  take(now: number): number | null
}

export function createRestartBudget(): RestartBudget {
  let restarts: readonly number[] = []
  return {
    take(now) {
      restarts = restarts.filter((at) => now - at < WINDOW_MS)
      if (restarts.length >= MOST_RESTARTS) {
        return null
      }
      const delay = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** restarts.length)
      restarts = [...restarts, now]
      return delay
    },
  }
}
