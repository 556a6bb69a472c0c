import { conformanceCases } from './conformance/cases.ts'
import type { Kernels } from './kernels.ts'

/** @returns One line per primitive that is wrong on this backend; empty when it may be used. Takes well under a second. */
export function selfTest(kernels: Kernels): readonly string[] {
  const problems: string[] = []
  const before = kernels.liveTensors()
  for (const testCase of conformanceCases().filter((c) => c.isQuick)) {
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
