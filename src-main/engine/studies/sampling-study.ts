import { frontHypervolume, hypervolumeReference } from '../../nas/pareto/hypervolume.ts'
import { drawTrainingGenotype } from '../../nas/sampling.ts'
import type { SamplingMode } from '../../nas/sampling.ts'
import { meanOf, splitIntoCostBands } from '../../nas/statistics/cost-bands.ts'
import { findMean, findValue } from './findings.ts'
import { drawStratified } from './study-members.ts'
import type { Finding, StudyContext, StudyResult, StudyScore } from './study.types.ts'

export const COST_THIRDS = ['cheapest third', 'middle third', 'dearest third'] as const
/** Iterations over which the cost of training is averaged: its standard error is then about a percent. */
const COST_SAMPLES = 300

interface Compared {
  readonly macs: number
  readonly grouped: number
  readonly rival: number
}

/** Row 1 of method.md 11.3: the same genotypes scored under super-networks that differ in the sampling alone. */
export async function studySampling(context: StudyContext): Promise<StudyResult> {
  const { bench, counts, seeds, rival } = context
  const members = drawStratified(bench.setup, counts.sampling)
  const findings: Finding[] = []
  const scores: StudyScore[] = []
  const bySeed: Compared[][] = []
  for (const seed of seeds) {
    const grouped = await bench.score(await bench.trainSupernet(seed, 'grouped'), members)
    const other = await bench.score(await bench.trainSupernet(seed, rival), members)
    scores.push(...grouped, ...other)
    const compared = grouped.map(({ macs, accuracy }, index) => ({
      macs,
      grouped: accuracy,
      rival: other[index]?.accuracy ?? Number.NaN,
    }))
    bySeed.push(compared)
    findings.push(
      ...compareThirds(compared, rival, seed),
      ...compareFronts(context, grouped, other, seed),
      ...(['grouped', rival] as const).map((mode) => measureWork(context, mode, seed)),
    )
  }
  findings.push(...compareThirds(averageSeeds(bySeed), rival, null))
  return {
    findings,
    scores,
    notes: [
      `Each super-network had ${String(bench.config.supernet.epochs)} epochs from the same teacher; iterations are equal, their cost nearly (see the mean MACs of an iteration).`,
      'Intervals are over the genotypes; how far two trainings with other seeds differ shows only between the rows of the seeds.',
    ],
  }
}

function compareThirds(
  compared: readonly Compared[],
  rival: string,
  seed: number | null,
): readonly Finding[] {
  const thirds = splitIntoCostBands(compared, COST_THIRDS.length).map(
    (entries, index) => [COST_THIRDS[index] ?? '', entries] as const,
  )
  return [...thirds, ['all', compared] as const].flatMap(([group, entries]) => [
    findMean(
      { measure: 'mean accuracy, grouped', group, seed },
      entries.map((entry) => entry.grouped),
    ),
    findMean(
      { measure: `mean accuracy, ${rival}`, group, seed },
      entries.map((entry) => entry.rival),
    ),
    findMean(
      { measure: `mean accuracy, grouped - ${rival}`, group, seed },
      entries.map((entry) => entry.grouped - entry.rival),
    ),
  ])
}

function compareFronts(
  { bench, rival }: StudyContext,
  grouped: readonly StudyScore[],
  other: readonly StudyScore[],
  seed: number,
): readonly Finding[] {
  const reference = hypervolumeReference(bench.setup.largest.macs)
  return [
    findValue(
      { measure: 'hypervolume, grouped', seed },
      frontHypervolume(grouped, reference),
      grouped.length,
    ),
    findValue({ measure: `hypervolume, ${rival}`, seed }, frontHypervolume(other, reference), other.length),
  ]
}

/** Mean MACs of the sub-network that one iteration trains, for one image and the forward pass. */
function measureWork({ bench }: StudyContext, mode: SamplingMode, runSeed: number): Finding {
  const { setup } = bench
  const macs = Array.from({ length: COST_SAMPLES }, (_, iteration) => {
    const { genotype } = drawTrainingGenotype(setup.space, { mode, runSeed, iteration })
    return setup.costOf(genotype).macs
  })
  return findValue(
    { measure: `mean MACs of an iteration, ${mode}`, seed: runSeed },
    meanOf(macs),
    COST_SAMPLES,
  )
}

function averageSeeds(bySeed: readonly (readonly Compared[])[]): Compared[] {
  return (bySeed[0] ?? []).map(({ macs }, index) => ({
    macs,
    grouped: meanOf(bySeed.map((compared) => compared[index]?.grouped ?? Number.NaN)),
    rival: meanOf(bySeed.map((compared) => compared[index]?.rival ?? Number.NaN)),
  }))
}
