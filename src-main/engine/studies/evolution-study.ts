import { EngineError } from '../../contract/index.ts'
import { drawInitialPopulation } from '../../nas/evolution/initial-population.ts'
import { nextGeneration } from '../../nas/evolution/next-generation.ts'
import type { Genotype } from '../../nas/genotype.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../nas/named-genotypes.ts'
import { frontHypervolume, hypervolumeReference } from '../../nas/pareto/hypervolume.ts'
import { createRandom } from '../../nas/random.ts'
import { findMean, findValue } from './findings.ts'
import type { StudyMember, StudyNetwork } from './study-bench.ts'
import { toMember } from './study-members.ts'
import type { Finding, StudyContext, StudyResult, StudyScore } from './study.types.ts'

/** A scored member as evolution wants its parents. */
interface SearchRecord {
  readonly id: string
  readonly genotype: Genotype
  readonly macs: number
  readonly accuracy: number
}

/** A way to propose up to `count` further members that are not known, given the records that may become parents. */
type Propose = (
  records: readonly SearchRecord[],
  count: number,
  isKnown: (id: string) => boolean,
) => readonly StudyMember[]

/** Hypervolume after the start and after each further batch. */
interface Curve {
  readonly scored: readonly number[]
  readonly hypervolumes: readonly number[]
}

/**
 * Row 4 of method.md 11.3: evolution and random draws go on from the same start with equally many scored candidates, on the super-network
 * of the first seed; every seed is a search of its own.
 */
export async function studyEvolution(context: StudyContext): Promise<StudyResult> {
  const { bench, seeds } = context
  const [trainingSeed = 0] = seeds
  const scorer = createScorer(context, await bench.trainSupernet(trainingSeed, 'grouped'))
  const references = listReferences(context)
  const findings: Finding[] = []
  const finals: { readonly evolution: number; readonly random: number; readonly start: number }[] = []
  for (const seed of seeds) {
    const { initial, generations, perGeneration } = bench.config.search
    const start = drawBy(context, seed, 'start')([], initial, (id) => references.some((row) => row.id === id))
    const wanted = new Array<number>(generations).fill(perGeneration)
    const evolution = await search(context, scorer, {
      ...{ references, start },
      batches: wanted,
      propose: evolveBy(context, seed),
    })
    // Parents of few blocks have few children; random search gets as many candidates as evolution found.
    const found = wanted.map(
      (_, batch) => (evolution.scored[batch + 1] ?? 0) - (evolution.scored[batch] ?? 0),
    )
    const random = await search(context, scorer, {
      ...{ references, start },
      batches: found,
      propose: drawBy(context, seed, 'draw'),
    })
    findings.push(...tell('evolution', evolution, seed), ...tell('random', random, seed))
    finals.push({
      evolution: evolution.hypervolumes.at(-1) ?? Number.NaN,
      random: random.hypervolumes.at(-1) ?? Number.NaN,
      start: evolution.hypervolumes[0] ?? Number.NaN,
    })
  }
  findings.push(
    findMean(
      { measure: 'final hypervolume, evolution - random', seed: null },
      finals.map(({ evolution, random }) => evolution - random),
    ),
    ...(['evolution', 'random'] as const).map((way) =>
      findMean(
        { measure: `growth of the hypervolume over the start, ${way}`, seed: null },
        finals.map((final) => final[way] / final.start - 1),
      ),
    ),
  )
  return { findings, scores: scorer.scores(), notes: describe(context, trainingSeed) }
}

interface Scorer {
  score(members: readonly StudyMember[]): Promise<readonly SearchRecord[]>
  /** Everything scored so far, each genotype once. */
  scores(): readonly StudyScore[]
}

/** Scoring is deterministic, so a genotype that several searches meet is scored once. */
function createScorer({ bench }: StudyContext, network: StudyNetwork): Scorer {
  const known = new Map<string, StudyScore>()
  return {
    async score(members) {
      const fresh = members.filter(({ id }) => !known.has(id))
      for (const score of fresh.length === 0 ? [] : await bench.score(network, fresh)) {
        known.set(score.genotypeId, score)
      }
      return members.flatMap(({ id, genotype, macs }) => {
        const score = known.get(id)
        return score === undefined ? [] : [{ id, genotype, macs, accuracy: score.accuracy }]
      })
    },
    scores: () => [...known.values()],
  }
}

/**
 * The rows that every search of a run has beside its start (method.md 7.1): they count for the hypervolume, which the cheapest network
 * weighs on most, but have no children.
 */
function listReferences({ bench: { setup } }: StudyContext): readonly StudyMember[] {
  const { space } = setup
  return [smallestGenotype(space), hrnetGenotype(space), largestGenotype(space)]
    .filter((genotype) => setup.isFeasible(genotype))
    .map((genotype) => toMember(setup, genotype, 'reference'))
}

interface SearchPlan {
  readonly references: readonly StudyMember[]
  readonly start: readonly StudyMember[]
  /** How many further members each step asks for. */
  readonly batches: readonly number[]
  readonly propose: Propose
}

async function search(
  { bench }: StudyContext,
  scorer: Scorer,
  { references, start, batches, propose }: SearchPlan,
): Promise<Curve> {
  const reference = hypervolumeReference(bench.setup.largest.macs)
  const fixed = await scorer.score(references)
  const records = [...(await scorer.score(start))]
  const isKnown = (id: string): boolean => [...fixed, ...records].some((record) => record.id === id)
  const scored = [records.length]
  const hypervolumes = [frontHypervolume([...fixed, ...records], reference)]
  for (const count of batches) {
    records.push(...(await scorer.score(propose(records, count, isKnown))))
    scored.push(records.length)
    hypervolumes.push(frontHypervolume([...fixed, ...records], reference))
  }
  return { scored, hypervolumes }
}

function evolveBy({ bench }: StudyContext, seed: number): Propose {
  const { setup, config } = bench
  const { crossoverProbability, mutationProbability, tail } = config.search
  const random = createRandom(seed, 'study evolution', 'evolve')
  return (records, count, isKnown) => {
    const { children, uniform } = nextGeneration({
      ...{ space: setup.space, crossoverProbability, mutationProbability, random, records, count, tail },
      isKnown,
      isFeasible: (genotype) => setup.isFeasible(genotype),
    })
    return [...children, ...uniform.members].map(({ genotype }) => toMember(setup, genotype, 'offspring'))
  }
}

/**
 * Random search draws as the start was drawn: from the strata, which is more even than uniform draws would be.
 * @throws EngineError BAD_REQUEST if the space has too few: the budgets would not be equal.
 */
function drawBy({ bench }: StudyContext, seed: number, purpose: string): Propose {
  const { setup } = bench
  const random = createRandom(seed, 'study evolution', purpose)
  return (_records, count, isKnown) => {
    const { members, missing } = drawInitialPopulation(setup.space, count, random, {
      isKnown,
      isFeasible: (genotype) => setup.isFeasible(genotype),
    })
    if (missing > 0) {
      throw new EngineError(
        'BAD_REQUEST',
        `${String(missing)} of ${String(count)} new architectures could not be found; take fewer with search.initial, search.generations or search.perGeneration, or wider bounds.`,
      )
    }
    return members.map(({ genotype, label }) => toMember(setup, genotype, label))
  }
}

function tell(way: string, { scored, hypervolumes }: Curve, seed: number): readonly Finding[] {
  return hypervolumes.map((hypervolume, index) => {
    const count = scored[index] ?? 0
    return findValue(
      { measure: `hypervolume, ${way}`, group: `${String(count)} scored`, seed },
      hypervolume,
      count,
    )
  })
}

function describe({ seeds }: StudyContext, trainingSeed: number): readonly string[] {
  return [
    `One super-network, trained with seed ${String(trainingSeed)}; the seeds are those of the searches.`,
    'Random candidates are drawn from the strata of the start. The reference rows (smallest, hrnet, largest) count for the hypervolume of both, not as scored.',
    ...(seeds.length < 3 ? ['Fewer than 3 searches: the difference cannot be told from chance.'] : []),
  ]
}
