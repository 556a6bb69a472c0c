/** What the search may spend; null means no bound. Bounds are inclusive. */
export interface CostConstraints {
  readonly minMacs: number | null
  readonly maxMacs: number | null
  readonly minParams?: number | null
  readonly maxParams: number | null
}

export interface ConstrainedCost {
  readonly macs: number
  readonly params: number
}

/** Whether a cost is within all bounds. */
export function isFeasible(constraints: CostConstraints, { macs, params }: ConstrainedCost): boolean {
  const { minMacs, maxMacs, minParams = null, maxParams } = constraints
  return isWithin(macs, minMacs, maxMacs) && isWithin(params, minParams, maxParams)
}

/**
 * Why no genotype of the space can meet the constraints, as a sentence with both numbers; null if some may. Params and MACs both
 * grow with every block and fusion, so the smallest and the largest genotype bound them.
 */
export function describeConstraintProblem(
  constraints: CostConstraints,
  smallest: ConstrainedCost,
  largest: ConstrainedCost,
): string | null {
  const { minMacs, maxMacs, minParams = null, maxParams } = constraints
  return (
    describeRangeProblem('multiply-adds', minMacs, maxMacs, [smallest.macs, largest.macs]) ??
    describeRangeProblem('parameters', minParams, maxParams, [smallest.params, largest.params])
  )
}

function describeRangeProblem(
  quantity: string,
  minimum: number | null,
  maximum: number | null,
  [smallest, largest]: readonly [number, number],
): string | null {
  const span = `this space reaches from ${String(smallest)} (smallest) to ${String(largest)} (largest)`
  if (maximum !== null && maximum < smallest) {
    return `at most ${String(maximum)} ${quantity} asked for, ${span}`
  }
  if (minimum !== null && minimum > largest) {
    return `at least ${String(minimum)} ${quantity} asked for, ${span}`
  }
  if (minimum !== null && maximum !== null && minimum > maximum) {
    return `at least ${String(minimum)} and at most ${String(maximum)} ${quantity} asked for, nothing is in between`
  }
  return null
}

function isWithin(value: number, minimum: number | null, maximum: number | null): boolean {
  return (minimum === null || value >= minimum) && (maximum === null || value <= maximum)
}
