import { describe, expect, it } from 'vitest'
import { describeConstraintProblem, isFeasible } from '../../../../src-main/nas/evolution/constraints.ts'

const none = { minMacs: null, maxMacs: null, maxParams: null }

describe('isFeasible', () => {
  it('includes the bounds and means no bound by null', () => {
    const cost = { macs: 10, params: 5 }
    expect(isFeasible(none, cost)).toBe(true)
    expect(isFeasible({ ...none, minMacs: 10, maxMacs: 10, minParams: 5, maxParams: 5 }, cost)).toBe(true)
    expect(isFeasible({ ...none, minMacs: 11 }, cost)).toBe(false)
    expect(isFeasible({ ...none, maxMacs: 9 }, cost)).toBe(false)
    expect(isFeasible({ ...none, maxParams: 4 }, cost)).toBe(false)
    expect(isFeasible({ ...none, minParams: 6 }, cost)).toBe(false)
  })
})

describe('describeConstraintProblem', () => {
  const smallest = { macs: 100, params: 10 }
  const largest = { macs: 200, params: 20 }

  it('lets through what some member may meet', () => {
    expect(describeConstraintProblem(none, smallest, largest)).toBeNull()
    expect(describeConstraintProblem({ ...none, minMacs: 200, maxParams: 10 }, smallest, largest)).toBeNull()
    expect(describeConstraintProblem({ ...none, minMacs: 1, maxMacs: 100 }, smallest, largest)).toBeNull()
  })

  it('names both ends of the space when the range lies outside', () => {
    expect(describeConstraintProblem({ ...none, maxMacs: 99 }, smallest, largest)).toBe(
      'at most 99 multiply-adds asked for, this space reaches from 100 (smallest) to 200 (largest)',
    )
    expect(describeConstraintProblem({ ...none, minMacs: 201 }, smallest, largest)).toBe(
      'at least 201 multiply-adds asked for, this space reaches from 100 (smallest) to 200 (largest)',
    )
    expect(describeConstraintProblem({ ...none, maxParams: 9 }, smallest, largest)).toBe(
      'at most 9 parameters asked for, this space reaches from 10 (smallest) to 20 (largest)',
    )
    expect(describeConstraintProblem({ ...none, minMacs: 150, maxMacs: 140 }, smallest, largest)).toBe(
      'at least 150 and at most 140 multiply-adds asked for, nothing is in between',
    )
  })
})
