import type { ConformanceCase } from './case-support.ts'
import { CONVOLUTION_CASES } from './conv-cases.ts'
import { crossEntropyCase, elementwiseCases } from './elementwise-cases.ts'
import { normCase, normInferenceCase } from './norm-cases.ts'
import { adamCase, momentumCase } from './optimizer-cases.ts'
import { bilinearCases, nearestCases } from './resize-cases.ts'

/** Every primitive, forward and gradient, over the shape classes that the networks use. */
export function conformanceCases(): readonly ConformanceCase[] {
  return [
    ...CONVOLUTION_CASES,
    ...[false, true].flatMap((relu) => [
      normCase([3, 4, 5, 6], relu, true),
      normCase([2, 2, 3, 9], relu, false),
    ]),
    normInferenceCase(),
    ...[2, 4, 8].flatMap((factor) => nearestCases(factor, factor === 2)),
    ...bilinearCases([1, 3, 5, 4], 12, 20, true),
    ...bilinearCases([2, 4, 6, 3], 7, 9, false),
    ...elementwiseCases(),
    crossEntropyCase(),
    adamCase(),
    momentumCase(),
  ]
}
