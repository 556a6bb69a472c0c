import { performance } from 'node:perf_hooks'
import type { Kernels } from '../../compute/kernels.ts'
import type { BenchEvaluationResult, RunConfig } from '../../contract/index.ts'
import { countCost } from '../../nas/cost.ts'
import { drawInitialPopulation } from '../../nas/evolution/initial-population.ts'
import { nextGeneration } from '../../nas/evolution/next-generation.ts'
import type { ParentRecord } from '../../nas/evolution/next-generation.ts'
import { genotypeId, toGenotypeJson } from '../../nas/genotype.ts'
import type { Genotype } from '../../nas/genotype.ts'
import { createRandom } from '../../nas/random.ts'
import type { NetworkPlan } from '../../nas/network-plan.types.ts'
import { groupPlans, peakBytesPerImage, sharePlans } from '../../nas/shared-plan.ts'
import { sharingOrder } from '../../nas/sharing-order.ts'
import type { ScoreResult } from '../../tasks/task.ts'
import { KeptValues } from '../../training/kept-values.ts'
import { evaluateCandidates } from '../evaluate-candidates.ts'
import type { EvaluationOptions, PlannedCandidate } from '../evaluate-candidates.ts'
import { SCORING_BATCH, sharedBytesOf } from '../jobs/evaluate-job.ts'
import { openRunContext } from '../run-context.ts'
import type { RunContext } from '../run-context.ts'
import { freshSupernet } from '../supernet-files.ts'

export interface EvaluationBenchOptions {
  /** Scores do not matter here, so the weights are fresh ones. */
  readonly config: RunConfig
  readonly kernels: Kernels
  /** Size of the generation, and of the start that it is bred from; default 100. */
  readonly candidates?: number
  /** How many of them, evenly spread, are timed one by one; their mean stands for all. Default: all. */
  readonly plainCandidates?: number
  readonly onProgress?: (note: string) => void
}

/** As in a search: what leases share is kept, not what a whole generation does. */
const LARGEST_LEASE = 64

/** Measures what one generation of candidates costs with and without sharing what is equal. */
export async function benchEvaluation(options: EvaluationBenchOptions): Promise<BenchEvaluationResult> {
  const { config, kernels, candidates = 100, plainCandidates = candidates } = options
  const run = await openRunContext(config, kernels)
  const supernet = freshSupernet(run)
  const session = supernet.openEvaluation()
  const kept = new KeptValues(kernels)
  try {
    const opened = performance.now()
    const images = run.scoring('search')
    for (const chunk of images.passes?.chunks({ flipTest: false, batch: SCORING_BATCH }) ?? []) {
      await chunk.load()
    }
    const recalibrationBatches = await run.recalibrationBatches()
    const decodeMs = performance.now() - opened
    const { start, children } = planGenerations(run, candidates)
    const evaluation = {
      ...{ supernet, session, recalibrationBatches, images, flipTest: config.search.flipTest },
      ...{ batch: SCORING_BATCH, pause: () => Promise.resolve(), now: () => performance.now() },
    }
    const sharing = { ...evaluation, sharedBytes: sharedBytesOf(config), kept }
    const plain = { ...evaluation, sharedBytes: 0 }
    // The first passes of a shape compile and allocate.
    await timed(start.slice(0, 2), plain)
    options.onProgress?.('the parents, shared')
    const parents = await timed(start, sharing)
    options.onProgress?.('the generation, shared')
    const shared = await timed(children, sharing)
    options.onProgress?.('one by one')
    const sample = spread(children, plainCandidates)
    const alone = await timed(sample, plain)
    const plainMs = (alone.milliseconds / sample.length) * children.length
    return {
      ...{ candidates: children.length, plainMs, plainCandidates: sample.length, decodeMs },
      images: {
        recalibration: recalibrationBatches.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0),
        scoring: images.count,
        flipTest: config.search.flipTest,
      },
      sharedMs: shared.milliseconds,
      parentsMs: parents.milliseconds,
      factor: plainMs / shared.milliseconds,
      factorWithDecoding: (plainMs + children.length * decodeMs) / (shared.milliseconds + decodeMs),
      ...countBounds(start, children),
      countedFactor: shared.separateMacs / shared.macs,
      sharedPeakBytes: peakBytes(children, evaluation),
      keptBytes: kept.bytes,
      sameScores: sample.every(({ candidate: { candidateId: id } }) =>
        isSame(alone.scores.get(id), shared.scores.get(id)),
      ),
    }
  } finally {
    kept.clear()
    session.close()
    supernet.dispose()
    run.dispose()
  }
}

/** At most so many, evenly spread. */
function spread<T>(all: readonly T[], count: number): readonly T[] {
  const step = all.length / Math.min(count, all.length)
  return all.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step))
}

/** Every number to the last bit; of a score that was there already the detections are gone. */
function isSame(alone: ScoreResult | undefined, shared: ScoreResult | undefined): boolean {
  const numbers = (score: ScoreResult | undefined): string =>
    JSON.stringify([score?.accuracy, score?.metrics])
  return alone !== undefined && numbers(alone) === numbers(shared)
}

interface Timed {
  readonly milliseconds: number
  readonly macs: number
  readonly separateMacs: number
  readonly scores: ReadonlyMap<string, ScoreResult>
}

async function timed(members: readonly PlannedCandidate[], options: EvaluationOptions): Promise<Timed> {
  const scores = new Map<string, ScoreResult>()
  let [macs, separateMacs] = [0, 0]
  const started = performance.now()
  for (let begin = 0; begin < members.length; begin += LARGEST_LEASE) {
    const work = await evaluateCandidates(members.slice(begin, begin + LARGEST_LEASE), options, {
      onScore({ candidate }, result) {
        scores.set(candidate.candidateId, result)
      },
      onFailure(_candidate, thrown) {
        throw thrown
      },
      onSplit(_members, thrown) {
        throw thrown
      },
    })
    macs += work.macs
    separateMacs += work.separateMacs
  }
  return { macs, separateMacs, scores, milliseconds: performance.now() - started }
}

/** What equal sub-expressions allow with unlimited memory: within the generation, and with what its parents had. */
function countBounds(
  start: readonly PlannedCandidate[],
  children: readonly PlannedCandidate[],
): Pick<BenchEvaluationResult, 'countedBound' | 'countedBoundWithParents'> {
  const plansOf = (members: readonly PlannedCandidate[]): NetworkPlan[] => members.map(({ plan }) => plan)
  const own = sharePlans(plansOf(children))
  const before = sharePlans(plansOf(start)).macs
  const all = sharePlans(plansOf([...start, ...children])).macs
  return {
    countedBound: own.separateMacs / own.macs,
    countedBoundWithParents: own.separateMacs / (all - before),
  }
}

function peakBytes(
  members: readonly PlannedCandidate[],
  { flipTest, recalibrationBatches }: Pick<EvaluationOptions, 'flipTest' | 'recalibrationBatches'>,
): number {
  const images = Math.max(
    SCORING_BATCH * (flipTest ? 2 : 1),
    ...recalibrationBatches.map(({ shape }) => shape[0] ?? 1),
  )
  const whole = groupPlans(
    members.map(({ plan }) => plan),
    Number.POSITIVE_INFINITY,
  )
  return Math.max(0, ...whole.map(peakBytesPerImage)) * images
}

/** A stratified random start and its children, each ordered as leases are. */
function planGenerations(
  run: RunContext,
  count: number,
): { readonly start: readonly PlannedCandidate[]; readonly children: readonly PlannedCandidate[] } {
  const { space, config } = run
  const random = createRandom(config.seed, 'search')
  const start = drawInitialPopulation(space, count, random).members.map(({ genotype }) => genotype)
  return { start: inOrder(run, start), children: inOrder(run, breed(run, start, count)) }
}

function inOrder(run: RunContext, genotypes: readonly Genotype[]): readonly PlannedCandidate[] {
  return sharingOrder(genotypes).flatMap((index) => {
    const genotype = genotypes[index]
    if (genotype === undefined) {
      return []
    }
    const id = genotypeId(genotype)
    const json = toGenotypeJson(run.space, run.shape.baseWidth, genotype)
    return [{ candidate: { candidateId: id, genotypeId: id, genotype: json }, plan: run.plan(genotype) }]
  })
}

/** Children of parents that were chosen by a made-up accuracy: larger is better, with a spread as between real candidates. */
function breed(run: RunContext, start: readonly Genotype[], count: number): readonly Genotype[] {
  const { space, config } = run
  const random = createRandom(config.seed, 'offspring')
  const noise = createRandom(config.seed, 'noise')
  const records = start.map((genotype, index): ParentRecord => {
    const { macs } = countCost(run.plan(genotype))
    return {
      ...{ id: String(index).padStart(6, '0'), macs, genotype },
      accuracy: 0.1 * Math.log(macs) + 0.02 * noise.next(),
    }
  })
  const known = new Set(start.map(genotypeId))
  const { crossoverProbability, mutationProbability } = config.search
  return nextGeneration({
    ...{ space, records, count, crossoverProbability, mutationProbability, random },
    isKnown: (id) => known.has(id),
  }).children.map(({ genotype }) => genotype)
}
