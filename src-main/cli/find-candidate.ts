import { EngineError } from '../contract/index.ts'
import type { EngineServices } from '../engine/services/engine-services.ts'

const CANDIDATE_ID = /^r-[a-z0-9]{6,24}:\d+$/
const GENOTYPE_ID = /^[0-9a-f]{12}$/

/** Whether a word names something in the data folder: a candidate (r-…:12) or a genotype (12 hex digits). */
export function isStoredId(word: string): boolean {
  return CANDIDATE_ID.test(word) || GENOTYPE_ID.test(word)
}

/**
 * The candidate of an id; of a genotype that several runs know, that of the newest run, and there its evaluated row if it has one.
 *
 * @throws EngineError BAD_REQUEST for a word of another form, NOT_FOUND for a genotype that no run has.
 */
export async function findCandidateId(id: string, services: EngineServices): Promise<string> {
  if (CANDIDATE_ID.test(id)) {
    return id
  }
  if (!GENOTYPE_ID.test(id)) {
    throw new EngineError(
      'BAD_REQUEST',
      `"${id}" is no candidate: give its id (r-…:12) or its genotype's (12 hex digits); "scalenas show RUN" lists them.`,
    )
  }
  for (const { id: runId } of await services.runs.list()) {
    const { rows } = await services.candidates.list(runId)
    const found = rows.filter((candidate) => candidate.genotypeId === id)
    const row = found.find(({ state }) => state === 'evaluated') ?? found[0]
    if (row !== undefined) {
      return row.id
    }
  }
  throw new EngineError('NOT_FOUND', `No run in the data folder has a candidate with genotype ${id}.`)
}
