import { conformanceCases } from './conformance/cases.ts'
import type { Kernels } from './kernels.ts'

const QUICK_CASES = conformanceCases().filter((testCase) => testCase.isQuick)

/** How many primitives {@link selfTest} compares with float64 loops. */
export const SELF_TEST_CASES = QUICK_CASES.length

/** @returns One line per primitive that is wrong on this backend; empty when it may be used. Takes well under a second. */
export function selfTest(kernels: Kernels): readonly string[] {
  const problems: string[] = []
  const before = kernels.liveTensors()
  for (const testCase of QUICK_CASES) {
    try {
      const error = testCase.run(kernels)
      if (!(error <= testCase.tolerance)) {
        problems.push(`${testCase.name}: off by ${error.toExponential(1)}, allowed ${testCase.tolerance}`)
      }
    } catch (thrown) {
      problems.push(`${testCase.name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
  }
  const leaked = kernels.liveTensors() - before
  // A backend keeps small shape and scalar constants for ever; more than these would be a leak per call.
  if (leaked > MOST_CONSTANTS) {
    problems.push(`${leaked} tensors were not released`)
  }
  return problems
}

const MOST_CONSTANTS = 100
