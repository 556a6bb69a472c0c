import { EngineError } from '../contract/index.ts'
import type { DatasetFacts } from '../contract/index.ts'

type Known = Pick<DatasetFacts, 'fingerprint' | 'leftOut'>

/**
 * A worker that starts in the middle of a run opens the data set anew, and what cannot be used any more is left out of it. Scores on what
 * is left are not those of the run, and batches are others.
 *
 * @param prepared - Of the run; absent: nothing is known to compare with.
 * @throws EngineError DATASET, by what is left out now and was not, with the name of a file.
 */
export function requireSameDataset(prepared: Known | undefined, now: Known): void {
  if (prepared === undefined || prepared.fingerprint === now.fingerprint) {
    return
  }
  const before = new Map(prepared.leftOut.map(({ reason, count }) => [reason, count]))
  const lost = now.leftOut
    .map((one) => ({ ...one, more: one.count - (before.get(one.reason) ?? 0) }))
    .filter(({ more }) => more > 0)
    .map(({ more, reason, example }) => `${more} more left out: ${reason} (for example ${example})`)
  const what = lost.length > 0 ? lost.join('; ') : 'pictures, annotations or how they are split changed'
  throw new EngineError(
    'DATASET',
    `The data set is not the one that this run was prepared with (${what}). Bring back what was there and resume, or start a new run.`,
  )
}
