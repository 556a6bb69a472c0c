import { describe, expect, it } from 'vitest'
import { createRestartBudget } from '../../../src-main/desktop/restart-budget.ts'

const MINUTE = 60_000

describe('createRestartBudget', () => {
  it('allows five restarts in ten minutes, each after a longer wait', () => {
    const budget = createRestartBudget()
    expect([0, 1, 2, 3, 4, 5].map((second) => budget.take(second * 1000))).toEqual([
      500,
      1000,
      2000,
      4000,
      8000,
      null,
    ])
  })

  it('forgets restarts that are ten minutes old', () => {
    const budget = createRestartBudget()
    for (let restart = 0; restart < 5; restart++) {
      budget.take(restart * MINUTE)
    }
    expect(budget.take(9.9 * MINUTE)).toBeNull()
    expect(budget.take(10 * MINUTE)).toBe(8000)
    expect(budget.take(30 * MINUTE)).toBe(500)
  })
})
