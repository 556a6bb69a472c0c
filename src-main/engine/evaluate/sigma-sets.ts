import { EngineError } from '../../contract/index.ts'
import { MOST_SMALL_BYTES, readForeignText } from '../../files/foreign-text.ts'
import { FileProblem } from '../../files/regular-file.ts'
import { COCO_17, CROWDPOSE_14 } from '../../datasets/skeletons.ts'
import { WHOLEBODY_133_SIGMAS } from './wholebody-sigmas.ts'

export interface SigmaSet {
  readonly name: string
  /** Falloff per joint. */
  readonly sigmas: readonly number[]
}

export const SIGMA_SETS: readonly SigmaSet[] = [
  COCO_17,
  CROWDPOSE_14,
  { name: 'wholebody133', sigmas: WHOLEBODY_133_SIGMAS },
]

const NAMES = SIGMA_SETS.map(({ name }) => name).join(', ')

/**
 * Sigmas by name, as a comma list, or from a file: a JSON array, or numbers with commas, spaces or line ends between.
 *
 * @throws EngineError BAD_REQUEST saying what was given and what is allowed.
 */
export async function readSigmas(given: string): Promise<SigmaSet> {
  const named = SIGMA_SETS.find(({ name }) => name === given.toLowerCase())
  if (named !== undefined) {
    return { name: named.name, sigmas: named.sigmas }
  }
  if (given.includes(',') || /^[\d.\s]+$/.test(given)) {
    return toSigmas('--sigmas', given)
  }
  try {
    return toSigmas(given, await readForeignText(given, { mostBytes: MOST_SMALL_BYTES }))
  } catch (thrown) {
    if (!(thrown instanceof FileProblem)) {
      throw thrown
    }
    throw new EngineError(
      'BAD_REQUEST',
      `--sigmas must be ${NAMES}, numbers with commas between, or a file; "${given}" is none: ${thrown.reason}`,
    )
  }
}

/**
 * The set for a number of joints that comes with a well-known order.
 *
 * @throws EngineError BAD_REQUEST if none is known.
 */
export function sigmasForJoints(joints: number): SigmaSet {
  const found = SIGMA_SETS.find(({ sigmas }) => sigmas.length === joints)
  if (found === undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      `No sigmas are known for ${String(joints)} joints: give --sigmas with ${String(joints)} numbers, or one of ${NAMES}.`,
    )
  }
  return { name: found.name, sigmas: found.sigmas }
}

function toSigmas(source: string, text: string): SigmaSet {
  const sigmas = text
    .replace(/^\s*\[|\]\s*$/g, '')
    .split(/[\s,]+/)
    .filter((part) => part !== '')
    .map(Number)
  const wrong = sigmas.findIndex((sigma) => !(Number.isFinite(sigma) && sigma > 0))
  if (sigmas.length === 0 || wrong >= 0) {
    throw new EngineError(
      'BAD_REQUEST',
      `${source}: sigmas must be positive numbers, one a joint; ${sigmas.length === 0 ? 'there are none' : `number ${String(wrong + 1)} is not`}.`,
    )
  }
  return { name: 'custom', sigmas }
}
