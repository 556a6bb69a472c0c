import { setImmediate as nextTurn } from 'node:timers/promises'
import { EngineError } from '../../contract/index.ts'
import type { CandidateOrigin, GenerationRow } from '../../contract/index.ts'
import { drawInitialPopulation } from '../../nas/evolution/initial-population.ts'
import { nextGeneration } from '../../nas/evolution/next-generation.ts'
import type { NextGeneration, ParentRecord } from '../../nas/evolution/next-generation.ts'
import { fromGenotypeJson, genotypeId, genotypeKey, toGenotypeJson } from '../../nas/genotype.ts'
import type { Genotype } from '../../nas/genotype.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../nas/named-genotypes.ts'
import { frontHypervolume, hypervolumeReference } from '../../nas/pareto/hypervolume.ts'
import { createRandom, Random } from '../../nas/random.ts'
import type { RandomState } from '../../nas/random.ts'
import { groupLabel, UNIFORM_FUSION } from '../../nas/sampling.ts'
import type { CandidateRecord, NewCandidate } from '../../store/candidate-queries.ts'
import type { SearchSetup } from '../configure/search-setup.ts'
import type { RunContext } from '../pipeline/run-context.ts'
import { describeShortage, describeStartShortage } from './describe-missing.ts'
import { createParentSelection } from './select-parents.ts'

/** Costs are counted in pieces of this many, so that the engine answers in between (0.3 ms each for the official space). */
const COSTS_AT_ONCE = 50

type Draft = Pick<NewCandidate, 'origin'> & { readonly genotype: Genotype }

/**
 * Writes generation 0 unless it is there: the three reference rows, then the stratified random start (method.md 7.1). References
 * take no part in selection; they are scored so that the chart shows both ends and the HRNet-like network.
 */
export async function openInitialGeneration(context: RunContext, setup: SearchSetup): Promise<void> {
  const { store, hub, runId, config } = context
  if (store.candidates.newestGeneration(runId) !== null) {
    return
  }
  const random = createRandom(config.seed, 'search')
  const references = listReferences(setup)
  const known = new Set(references.map(({ genotype }) => genotypeId(genotype)))
  const { members, missing } = drawInitialPopulation(setup.space, config.search.initial, random, {
    isKnown: (id) => known.has(id),
    isFeasible: (genotype) => setup.isFeasible(genotype),
  })
  tell(context, 'warn', describeStartShortage(setup.space, missing, known.size + members.length))
  const drawn = members.map(({ genotype, label }) => ({ genotype, origin: originOf('stratum', label) }))
  const rows = await toRows(context, setup, [...references, ...drawn], 1)
  store.transaction(() => {
    store.candidates.insertGeneration(runId, 0, random.state(), rows)
  })
  hub.addCandidates(
    runId,
    rows.map((row) => row.number),
  )
}

/**
 * Closes the newest generation, all of whose rows are final, and draws the next one. Both and the random state after drawing are
 * written in one transaction (method.md 7.7), so that a written generation is never drawn again.
 * @returns whether there is a next generation.
 */
export async function closeGeneration(
  context: RunContext,
  setup: SearchSetup,
  generation: number,
): Promise<boolean> {
  const { store, hub, runId, config } = context
  const records = store.candidates.records(runId)
  requireScores(records)
  const scored = records.filter((record) => record.state === 'evaluated')
  const hypervolume = frontHypervolume(scored, hypervolumeReference(setup.largest.macs))
  const best = Math.max(...scored.map((record) => record.accuracy ?? 0))
  const next =
    generation < config.search.generations ? await drawChildren(context, setup, records, generation) : null
  store.transaction(() => {
    store.candidates.closeGeneration(runId, generation, hypervolume, best)
    if (next !== null) {
      store.candidates.insertGeneration(runId, generation + 1, next.randomState, next.rows)
    }
  })
  const closed = findGeneration(store.candidates.generations(runId), generation)
  hub.publish(runId, { kind: 'generation-closed', generation: closed })
  hub.addCandidates(runId, next?.rows.map((row) => row.number) ?? [])
  return next !== null
}

interface DrawnGeneration {
  readonly rows: readonly NewCandidate[]
  readonly randomState: RandomState
}

/** Null when neither parents nor draws from the whole space gave anything new within the tries: the search is over. */
async function drawChildren(
  context: RunContext,
  setup: SearchSetup,
  records: readonly CandidateRecord[],
  generation: number,
): Promise<DrawnGeneration | null> {
  const { store, runId, config } = context
  const random = Random.fromState(readRandomState(store.candidates.newestGeneration(runId)?.randomState))
  const known = new Set(records.map((record) => record.genotypeId))
  const found = nextGeneration({
    space: setup.space,
    records: records.filter(isParent).map(({ id, macs, accuracy, metrics, genotype }) => ({
      ...{ id, macs, accuracy, metrics },
      genotype: fromGenotypeJson(setup.space, genotype),
    })),
    count: config.search.perGeneration,
    crossoverProbability: config.search.crossoverProbability,
    mutationProbability: config.search.mutationProbability,
    select: createParentSelection(config.search),
    random,
    isKnown: (id) => known.has(id),
    isFeasible: (genotype) => setup.isFeasible(genotype),
  })
  const level = found.missing > 0 ? 'warn' : 'info'
  tell(context, level, describeShortage(setup.space, generation + 1, found, records.length))
  const drafts = toDrafts(setup, found)
  if (drafts.length === 0) {
    return null
  }
  const rows = await toRows(context, setup, drafts, records.length + 1)
  return { rows, randomState: random.state() }
}

function toDrafts(
  { space }: SearchSetup,
  { children, uniform }: Pick<NextGeneration<ParentRecord>, 'children' | 'uniform'>,
): Draft[] {
  const label = groupLabel(space.depthChoices, UNIFORM_FUSION)
  return [
    ...children.map(({ genotype, parents, modulesTaken, edgesFlipped }) => ({
      genotype,
      origin: { ...originOf('offspring', ''), parents: [...parents], modulesTaken, edgesFlipped },
    })),
    ...uniform.members.map(({ genotype }) => ({ genotype, origin: originOf('stratum', label) })),
  ]
}

function isParent(record: CandidateRecord): boolean {
  return record.state === 'evaluated' && record.origin.operator !== 'reference'
}

/** The named networks; in a space so small that two of them are the same one, the first name stays. */
function listReferences({ space }: SearchSetup): Draft[] {
  const named = [
    { label: 'smallest', genotype: smallestGenotype(space) },
    { label: 'hrnet', genotype: hrnetGenotype(space) },
    { label: 'largest', genotype: largestGenotype(space) },
  ]
  const seen = new Set<string>()
  return named
    .filter(({ genotype }) => {
      const id = genotypeId(genotype)
      const isNew = !seen.has(id)
      seen.add(id)
      return isNew
    })
    .map(({ label, genotype }) => ({ genotype, origin: originOf('reference', label) }))
}

function originOf(operator: CandidateOrigin['operator'], label: string): CandidateOrigin {
  return { operator, label, parents: [], modulesTaken: [], edgesFlipped: 0 }
}

async function toRows(
  { config }: RunContext,
  setup: SearchSetup,
  drafts: readonly Draft[],
  firstNumber: number,
): Promise<NewCandidate[]> {
  const rows: NewCandidate[] = []
  for (const { genotype, origin } of drafts) {
    rows.push({
      number: firstNumber + rows.length,
      genotypeId: genotypeId(genotype),
      genotypeKey: genotypeKey(genotype),
      genotype: toGenotypeJson(setup.space, config.network.baseWidth, genotype),
      ...setup.costOf(genotype),
      origin,
    })
    if (rows.length % COSTS_AT_ONCE === 0) {
      await nextTurn()
    }
  }
  return rows
}

function requireScores(records: readonly CandidateRecord[]): void {
  if (records.some((record) => record.state === 'evaluated' && record.origin.operator !== 'reference')) {
    return
  }
  const first = records.find((record) => record.error !== null)?.error
  throw new EngineError(
    first?.code ?? 'INTERNAL',
    `No candidate of the start could be scored${first === null || first === undefined ? '.' : `: ${first.message}`}`,
    first?.details ?? [],
  )
}

function tell({ hub, runId }: RunContext, level: 'warn' | 'info', message: string | null): void {
  if (message !== null) {
    hub.addLog(runId, level, message)
  }
}

function findGeneration(generations: readonly GenerationRow[], generation: number): GenerationRow {
  const row = generations.find((candidate) => candidate.generation === generation)
  if (row === undefined) {
    throw new EngineError('INTERNAL', `Generation ${String(generation)} was closed and is gone.`)
  }
  return row
}

/** Written by this program as `Random.state()`; `fromState` checks the numbers. */
function readRandomState(stored: unknown): RandomState {
  return stored as RandomState
}
