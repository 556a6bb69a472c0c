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
import { groupPlans, peakBytesPerImage } from '../../nas/shared-plan.ts'
import { sharingOrder } from '../../nas/sharing-order.ts'
import type { ScoreResult } from '../../tasks/task.ts'
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
  /** Size of the generation; default 100. */
  readonly candidates?: number
  /** The stratified random start, or the children of as many scored ones; default 'offspring'. */
  readonly generation?: 'start' | 'offspring'
  /** How many of them, evenly spread, are timed one by one; their mean stands for all. Default: all. */
  readonly plainCandidates?: number
  readonly onProgress?: (note: string) => void
}

/** Measures what one generation of candidates costs with and without sharing what is equal. */
export async function benchEvaluation(options: EvaluationBenchOptions): Promise<BenchEvaluationResult> {
  const { config, kernels, candidates = 100, plainCandidates = candidates } = options
  const run = await openRunContext(config, kernels)
  const supernet = freshSupernet(run)
  const session = supernet.openEvaluation()
  try {
    const opened = performance.now()
    const images = await run.scoring('search')
    const recalibrationBatches = await run.recalibrationBatches()
    const decodeMs = performance.now() - opened
    const members = planGeneration(run, candidates, options.generation ?? 'offspring')
    const evaluation = {
      ...{ supernet, session, recalibrationBatches, images, flipTest: config.search.flipTest },
      ...{ batch: SCORING_BATCH, pause: () => Promise.resolve(), now: () => performance.now() },
    }
    // The first passes of a shape compile and allocate.
    await timed(members.slice(0, 2), { ...evaluation, sharedBytes: 0 })
    options.onProgress?.('shared evaluation')
    const shared = await timed(members, { ...evaluation, sharedBytes: sharedBytesOf(config) })
    options.onProgress?.('one by one')
    const step = members.length / Math.min(plainCandidates, members.length)
    const sample = members.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step))
    const plain = await timed(sample, { ...evaluation, sharedBytes: 0 })
    const plainMs = (plain.milliseconds / sample.length) * members.length
    return {
      ...{ candidates: members.length, plainMs, plainCandidates: sample.length, decodeMs },
      images: {
        recalibration: recalibrationBatches.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0),
        scoring: images.count,
        flipTest: config.search.flipTest,
      },
      sharedMs: shared.milliseconds,
      factor: plainMs / shared.milliseconds,
      factorWithDecoding: (plainMs + members.length * decodeMs) / (shared.milliseconds + decodeMs),
      countedBound: shared.separateMacs / shared.macs,
      sharedPeakBytes: peakBytes(members, evaluation),
      sameScores: sample.every(
        ({ candidate: { candidateId: id } }) =>
          JSON.stringify(plain.scores.get(id)) === JSON.stringify(shared.scores.get(id)),
      ),
    }
  } finally {
    session.close()
    supernet.dispose()
    run.dispose()
  }
}

interface Timed {
  readonly milliseconds: number
  readonly macs: number
  readonly separateMacs: number
  readonly scores: ReadonlyMap<string, ScoreResult>
}

async function timed(members: readonly PlannedCandidate[], options: EvaluationOptions): Promise<Timed> {
  const scores = new Map<string, ScoreResult>()
  const started = performance.now()
  const work = await evaluateCandidates(members, options, {
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
  return { ...work, scores, milliseconds: performance.now() - started }
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

/** Ordered as leases are. */
function planGeneration(
  run: RunContext,
  count: number,
  kind: 'start' | 'offspring',
): readonly PlannedCandidate[] {
  const { space, shape, config } = run
  const random = createRandom(config.seed, 'search')
  const start = drawInitialPopulation(space, count, random).members.map(({ genotype }) => genotype)
  const genotypes = kind === 'start' ? start : breed(run, start, count)
  return sharingOrder(genotypes).flatMap((index) => {
    const genotype = genotypes[index]
    if (genotype === undefined) {
      return []
    }
    const id = genotypeId(genotype)
    const json = toGenotypeJson(space, shape.baseWidth, genotype)
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
