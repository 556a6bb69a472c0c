import { kendallStandardError } from '../../nas/statistics/kendall-tau.ts'
import { meanOf, splitIntoCostBands } from '../../nas/statistics/cost-bands.ts'
import { findMean, findTau, findValue } from './findings.ts'
import { drawStratified } from './study-members.ts'
import type { Finding, StudyContext, StudyResult, StudyScore } from './study.types.ts'

/** Narrow enough that cost hardly orders the members of one. */
const NARROW_BANDS = 5

interface Ranked {
  readonly macs: number
  readonly inherited: number
  readonly alone: number
  /** Index of its narrow cost band. */
  readonly band: number
}

/** Row 2 of method.md 11.3: each genotype trained alone, against its score with inherited weights. */
export async function studyRank({ bench, counts, seeds }: StudyContext): Promise<StudyResult> {
  const members = drawStratified(bench.setup, counts.rank)
  const scores: StudyScore[] = []
  const bySeed: Ranked[][] = []
  for (const seed of seeds) {
    const supernet = await bench.trainSupernet(seed, 'grouped')
    const inherited = await bench.score(supernet, members, { name: 'inherited' })
    const alone: StudyScore[] = []
    for (const member of members) {
      alone.push(...(await bench.score(await bench.trainAlone(seed, member), [member])))
    }
    scores.push(...inherited, ...alone)
    bySeed.push(rankTogether(inherited, alone))
  }
  const averaged = averageSeeds(bySeed)
  const findings = [
    ...seeds.flatMap((seed, index) => compareRankings(bySeed[index] ?? [], seed)),
    ...(seeds.length > 1 ? [...compareRankings(averaged, null), ...compareSeeds(bySeed)] : []),
    findValue(
      { measure: 'standard error of tau if the rankings were unrelated', seed: null },
      kendallStandardError(members.length),
      members.length,
    ),
  ]
  return { findings, scores, notes: describe(seeds.length) }
}

function rankTogether(inherited: readonly StudyScore[], alone: readonly StudyScore[]): Ranked[] {
  const pairs = inherited.map(({ macs, accuracy }, index) => ({
    macs,
    inherited: accuracy,
    alone: alone[index]?.accuracy ?? Number.NaN,
  }))
  const bands = splitIntoCostBands(pairs, NARROW_BANDS)
  return pairs.map((pair) => ({ ...pair, band: bands.findIndex((band) => band.includes(pair)) }))
}

function compareRankings(ranked: readonly Ranked[], seed: number | null): readonly Finding[] {
  const pairs = ranked.map((entry) => ({ ...entry, first: entry.inherited, second: entry.alone }))
  const byCost = ranked.map(({ macs, alone }) => ({ first: macs, second: alone }))
  const gaps = ranked.map(({ alone, inherited }) => alone - inherited)
  return [
    findTau({ measure: 'tau, inherited and alone', group: 'all', seed }, pairs),
    findTau(
      { measure: 'tau, inherited and alone', group: 'within fifths of cost', seed },
      pairs,
      (a, b) => a.band === b.band,
    ),
    findTau({ measure: 'tau, MACs and alone', group: 'all', seed }, byCost),
    findMean({ measure: 'mean accuracy, alone - inherited', group: 'all', seed }, gaps),
  ]
}

/** How well a ranking agrees with itself under another seed: no ranking can be predicted better than that. */
function compareSeeds(bySeed: readonly (readonly Ranked[])[]): readonly Finding[] {
  const [first = [], second = []] = bySeed
  return (['alone', 'inherited'] as const).map((kind) =>
    findTau(
      { measure: `tau, ${kind} and ${kind} with the next seed`, group: 'all', seed: null },
      first.map((entry, index) => ({ first: entry[kind], second: second[index]?.[kind] ?? Number.NaN })),
    ),
  )
}

function averageSeeds(bySeed: readonly (readonly Ranked[])[]): Ranked[] {
  return (bySeed[0] ?? []).map(({ macs, band }, index) => ({
    macs,
    band,
    inherited: meanOf(bySeed.map((ranked) => ranked[index]?.inherited ?? Number.NaN)),
    alone: meanOf(bySeed.map((ranked) => ranked[index]?.alone ?? Number.NaN)),
  }))
}

function describe(seeds: number): readonly string[] {
  return [
    'Alone: fresh weights and the schedule of the teacher, without distillation.',
    ...(seeds < 2 ? ['One seed: nothing can be claimed from this (method.md 11.4).'] : []),
  ]
}
