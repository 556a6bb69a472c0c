import { isDeepStrictEqual } from 'node:util'
import { EngineError } from '../../contract/index.ts'
import { genotypeId, toGenotypeJson } from '../../nas/genotype.ts'
import type { SearchSetup } from '../configure/search-setup.ts'
import { fromGenotypeKeyOrThrow } from '../search/read-genotype-key.ts'
import type { RecordedCandidate, ResultsRecordFile, RunRecordFile } from './records.ts'

/**
 * Whether results are of this run: what can be counted anew is, so that no front shows what the space does not have.
 * @throws EngineError BAD_REQUEST that names the candidate.
 */
export function checkResults(
  results: ResultsRecordFile,
  record: Pick<RunRecordFile, 'config'>,
  setup: SearchSetup,
): void {
  const { generations, candidates, report } = results
  const known = new Set(generations.map(({ generation }) => generation))
  requireUnique(
    'generation',
    generations.map(({ generation }) => generation),
  )
  requireUnique(
    'number',
    candidates.map(({ number }) => number),
  )
  requireUnique(
    'genotype',
    candidates.map(({ genotypeKey }) => genotypeKey),
  )
  for (const candidate of candidates) {
    if (!known.has(candidate.generation)) {
      throw refusal(candidate, `its generation ${String(candidate.generation)} is not there`)
    }
    checkCandidate(candidate, record, setup)
  }
  requireUnique(
    'result by picture',
    (results.pictures ?? []).map(({ number, split }) => `${split} ${String(number)}`),
  )
  const numbers = new Set(candidates.map(({ number }) => number))
  const unknown = results.pictures?.find(({ number }) => !numbers.has(number))
  if (unknown !== undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      `results.json has pictures of candidate ${String(unknown.number)}, which it does not have.`,
    )
  }
  const ids = new Map(candidates.map((candidate) => [candidate.number, candidate.genotypeId]))
  const stray = report.find(({ number, genotypeId: id }) => ids.get(number) !== id)
  if (stray !== undefined) {
    throw new EngineError(
      'BAD_REQUEST',
      `results.json reports candidate ${String(stray.number)}, which it does not have.`,
    )
  }
}

function checkCandidate(
  candidate: RecordedCandidate,
  { config }: Pick<RunRecordFile, 'config'>,
  setup: SearchSetup,
): void {
  const name = `results.json: candidate ${String(candidate.number)}`
  const genotype = fromGenotypeKeyOrThrow(setup.space, name, candidate.genotypeKey)
  const { macs, params } = setup.costOf(genotype)
  const json = toGenotypeJson(setup.space, config.network.baseWidth, genotype)
  if (genotypeId(genotype) !== candidate.genotypeId || !isDeepStrictEqual(json, candidate.genotype)) {
    throw refusal(candidate, 'key, id and genotype are not of one architecture')
  }
  if (macs !== candidate.macs || params !== candidate.params) {
    throw refusal(candidate, `its costs are ${String(macs)} and ${String(params)}, not as written`)
  }
  const isEvaluated = candidate.state === 'evaluated'
  if (isEvaluated !== (candidate.accuracy !== null) || isEvaluated !== (candidate.protocol !== null)) {
    throw refusal(candidate, 'a score and its protocol belong to evaluated candidates, and to each of them')
  }
}

function requireUnique(what: string, values: readonly (string | number)[]): void {
  if (new Set(values).size !== values.length) {
    throw new EngineError('BAD_REQUEST', `results.json has a ${what} twice.`)
  }
}

function refusal({ number }: Pick<RecordedCandidate, 'number'>, reason: string): EngineError {
  return new EngineError('BAD_REQUEST', `results.json: candidate ${String(number)}: ${reason}.`)
}
