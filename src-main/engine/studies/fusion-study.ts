import { hrnetGenotype } from '../../nas/named-genotypes.ts'
import { createRandom } from '../../nas/random.ts'
import type { Random } from '../../nas/random.ts'
import { findMean } from './findings.ts'
import type { StudyMember } from './study-bench.ts'
import { createFusedGenotype, drawDepths, toMember } from './study-members.ts'
import type { Finding, StudyContext, StudyResult, StudyScore } from './study.types.ts'

const PROBABILITIES = [0, 0.5, 1] as const
/** Two networks cost the same if their MACs differ by no more than this share. */
const COST_TOLERANCE = 0.02
/** Draws at most in search of members that cost as much as HRNet's pattern. */
const MATCH_TRIES = 2000

const labelOf = (probability: number): string => `p=${String(probability)}`

/** Row 3 of method.md 11.3: the same depths with none, half and all of the fusions before the last own steps, and equal costs. */
export async function studyFusion(context: StudyContext): Promise<StudyResult> {
  const { bench, seeds } = context
  const members = drawFused(context)
  const hrnet = toMember(bench.setup, hrnetGenotype(bench.setup.space), 'hrnet')
  const rivals = drawAtCost(context, hrnet.macs)
  const all = distinct([...members.flat(), hrnet, ...rivals])
  const findings: Finding[] = []
  const scores: StudyScore[] = []
  for (const seed of seeds) {
    const measured = await bench.score(await bench.trainSupernet(seed, 'grouped'), all)
    scores.push(...measured)
    const byId = new Map(measured.map((score) => [score.genotypeId, score]))
    const scoresOf = (wanted: readonly StudyMember[]): StudyScore[] =>
      wanted.flatMap(({ id }) => byId.get(id) ?? [])
    findings.push(
      ...compareProbabilities(members.map(scoresOf), seed),
      ...compareWithHrnet(scoresOf([hrnet]), scoresOf(rivals), seed),
    )
  }
  return {
    findings,
    scores,
    notes: [
      `Fusions after the last own step of a branch are always on, as in HRNet; p is the probability of those before.`,
      `Equal cost: within ${String(100 * COST_TOLERANCE)} % of the MACs. ${String(rivals.length)} members with p=0.5 cost as much as HRNet's pattern.`,
      'All scores are inherited ones: they show what fusion does to members of one super-network, not to networks trained alone.',
    ],
  }
}

/** One list for each probability. Where chance has no say, one member a depth setting is all there is. */
function drawFused({ bench, counts }: StudyContext): readonly (readonly StudyMember[])[] {
  const { setup } = bench
  const random = createRandom(0, 'study fusion')
  const depths = Array.from({ length: counts.fusionDepths }, () => drawDepths(setup.space, random))
  return PROBABILITIES.map((probability) =>
    depths.flatMap((own) => {
      const draws = probability === 0 || probability === 1 ? 1 : counts.fusionDraws
      return Array.from({ length: draws }, () =>
        toMember(setup, createFusedGenotype(setup.space, own, probability, random), labelOf(probability)),
      )
    }),
  )
}

/** Members with p=0.5 of any depths that cost as much as `macs`; at most as many as there are depth settings. */
function drawAtCost({ bench, counts }: StudyContext, macs: number): readonly StudyMember[] {
  const { setup } = bench
  const random: Random = createRandom(0, 'study fusion at equal cost')
  const found: StudyMember[] = []
  for (let attempt = 0; attempt < MATCH_TRIES && found.length < counts.fusionDepths; attempt += 1) {
    const genotype = createFusedGenotype(setup.space, drawDepths(setup.space, random), 0.5, random)
    const member = toMember(setup, genotype, 'p=0.5 at the cost of hrnet')
    if (costsTheSame(member.macs, macs)) {
      found.push(member)
    }
  }
  return distinct(found)
}

function compareProbabilities(groups: readonly (readonly StudyScore[])[], seed: number): readonly Finding[] {
  const [none = []] = groups
  return PROBABILITIES.flatMap((probability, index) => {
    const group = groups[index] ?? []
    const about = { group: labelOf(probability), seed }
    const rows = [
      findMean(
        { ...about, measure: 'mean accuracy' },
        group.map(({ accuracy }) => accuracy),
      ),
      findMean(
        { ...about, measure: 'mean MACs' },
        group.map(({ macs }) => macs),
      ),
    ]
    return probability === 0
      ? rows
      : [
          ...rows,
          findMean(
            { ...about, measure: 'accuracy at the same depths, minus p=0' },
            atSameDepths(group, none),
          ),
          findMean({ ...about, measure: 'accuracy at equal cost, minus p=0' }, atEqualCost(group, none)),
        ]
  })
}

/** Mean over the draws of each depth setting, minus its member without those fusions. The groups are in the order of the settings. */
function atSameDepths(group: readonly StudyScore[], none: readonly StudyScore[]): readonly number[] {
  const draws = group.length / none.length
  return none.map((base, index) => {
    const own = group.slice(index * draws, (index + 1) * draws)
    return own.reduce((sum, { accuracy }) => sum + accuracy / own.length, 0) - base.accuracy
  })
}

/** Each member minus the mean of those without these fusions that cost the same, where there are any. */
function atEqualCost(group: readonly StudyScore[], none: readonly StudyScore[]): readonly number[] {
  return group.flatMap(({ macs, accuracy }) => {
    const same = none.filter((base) => costsTheSame(macs, base.macs))
    return same.length === 0
      ? []
      : [accuracy - same.reduce((sum, base) => sum + base.accuracy / same.length, 0)]
  })
}

function compareWithHrnet(
  hrnet: readonly StudyScore[],
  rivals: readonly StudyScore[],
  seed: number,
): readonly Finding[] {
  const [base] = hrnet
  const gains = base === undefined ? [] : rivals.map(({ accuracy }) => accuracy - base.accuracy)
  return [
    findMean(
      { measure: 'accuracy, hrnet pattern', seed },
      hrnet.map(({ accuracy }) => accuracy),
    ),
    findMean({ measure: 'accuracy of p=0.5 at equal cost, minus the hrnet pattern', seed }, gains),
  ]
}

function costsTheSame(macs: number, other: number): boolean {
  return Math.abs(macs - other) <= COST_TOLERANCE * other
}

function distinct(members: readonly StudyMember[]): readonly StudyMember[] {
  return [...new Map(members.map((member) => [member.id, member])).values()]
}
