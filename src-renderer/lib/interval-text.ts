import { halfWidth } from '../../src-main/contract/index.ts'
import type { MemberInterval } from '../../src-main/contract/index.ts'
import { candidateLabel } from './candidate-front.ts'

/** '± 0.9' in points of a percentage; empty without an interval. */
export function intervalText(interval: Pick<MemberInterval, 'low' | 'high'> | undefined): string {
  return interval === undefined ? '' : `± ${(100 * halfWidth(interval)).toFixed(1)}`
}

/** 'not told apart from #0051, #0060'; empty where it is apart from both neighbours. */
export function notApartText(interval: Pick<MemberInterval, 'notApartFrom'> | undefined): string {
  const numbers = interval?.notApartFrom ?? []
  return numbers.length === 0 ? '' : `not told apart from ${numbers.map(candidateLabel).join(', ')}`
}
