import type { NextGeneration, ParentRecord } from '../../nas/evolution/next-generation.ts'
import { countSpaceSize } from '../../nas/search-space.ts'
import type { SearchSpace } from '../../nas/search-space.ts'

type Found = Pick<NextGeneration<ParentRecord>, 'children' | 'missing' | 'others' | 'uniform' | 'parents'>

/** Spaces up to this size are counted to the last network; of larger ones the order of magnitude says all. */
const LARGEST_EXACT = 1_000_000n

/**
 * What ran out where the chosen parents had too few new neighbours, and who stood in for them. Null where nothing ran out.
 *
 * @param known - Networks in the ledger before this generation.
 */
export function describeShortage(
  space: SearchSpace,
  generation: number,
  { children, missing, others, uniform, parents }: Found,
  known: number,
): string | null {
  const fromOthers = others.children + uniform.members.length
  if (missing === 0 && fromOthers === 0) {
    return null
  }
  const count = children.length + uniform.members.length + missing
  const close = count - fromOthers - missing
  const sentences = [
    `the ${parents.length} chosen parents had new neighbours for ${close} of ${count} candidates, within 100 tries each`,
    `${others.children} more came from the ${others.parents} next best, ${uniform.members.length} from ${uniform.tries} uniform draws`,
    ...(missing === 0 ? [] : [describeEmpty(space, missing, uniform, known + count - missing)]),
  ]
  return `generation ${generation}: ${sentences.join('; ')}`
}

/** The same of the random start, whose strata are redrawn and then changed step by step. */
export function describeStartShortage(space: SearchSpace, missing: number, known: number): string | null {
  return missing === 0
    ? null
    : `generation 0 has ${missing} candidates less: redrawing each up to 20 times, or 50 where bounds refused it, gave no more new ones; ${describeSpace(space, known)}`
}

function describeEmpty(
  space: SearchSpace,
  missing: number,
  { outside, known: drawnAgain }: Found['uniform'],
  known: number,
): string {
  const isUsedUp = countSpaceSize(space).exact <= BigInt(known)
  const why = isUsedUp
    ? 'the space is used up'
    : `of the draws ${outside} were outside the bounds and ${drawnAgain} known`
  return `${missing} are missing, ${why}: ${describeSpace(space, known)}`
}

function describeSpace(space: SearchSpace, known: number): string {
  const { exact, log10 } = countSpaceSize(space)
  const size = exact <= LARGEST_EXACT ? exact.toString() : `about 10^${log10.toFixed(1)}`
  return `the space holds ${size} networks, of which ${known} are known`
}
