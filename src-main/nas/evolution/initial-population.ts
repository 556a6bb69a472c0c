import { elementAt } from '../element-at.ts'
import { genotypeId } from '../genotype.ts'
import type { Genotype } from '../genotype.types.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../named-genotypes.ts'
import type { Random } from '../random.ts'
import { groupLabel, sampleFromGroup, type SamplingGroup } from '../sampling.ts'
import { depthPairs, type SearchSpace } from '../search-space.ts'
import { flipOneEdge, genotypeDistance } from './operators.ts'

/** Fusion probabilities of the strata (method.md 7.1). */
const STRATUM_FUSION_RATES: readonly number[] = [0.2, 0.35, 0.5, 0.65, 0.8]
/** method.md 7.1: redraws of a duplicate; 7.5: redraws of an infeasible draw, after which a feasible neighbour is changed. */
const DUPLICATE_TRIES = 20
const INFEASIBLE_TRIES = 50

export interface Stratum extends SamplingGroup {
  /** 'p=0.5 depths 2-3'. */
  readonly label: string
  readonly count: number
}

export interface InitialMember {
  readonly genotype: Genotype
  readonly id: string
  /** Label of the stratum it was drawn for. */
  readonly label: string
}

export interface InitialPopulation {
  /** In the order of the strata; at most as many as asked for. */
  readonly members: readonly InitialMember[]
  /** How many could not be found within the tries: the space or the constraints hold too few. */
  readonly missing: number
}

export interface NoveltyChecks {
  /** Whether a genotype id is already in the ledger; default: none is. */
  readonly isKnown?: (id: string) => boolean
  /** Whether a genotype meets the constraints; default: all do. */
  readonly isFeasible?: (genotype: Genotype) => boolean
}

/**
 * How many members each stratum gets (method.md 7.1): 5 fusion rates × neighbouring depth pairs, `count` split as evenly as possible,
 * the remainder to the first ones.
 *
 * @throws RangeError if count is not a non-negative integer.
 */
export function initialStrata(count: number, space: SearchSpace): Stratum[] {
  if (!Number.isSafeInteger(count) || count < 0) {
    throw new RangeError(`initial population: size must be a non-negative integer, got ${String(count)}`)
  }
  const groups = STRATUM_FUSION_RATES.flatMap((fusionProbability) =>
    depthPairs(space).map((depthChoices) => ({ depthChoices, fusionProbability })),
  )
  const share = Math.floor(count / groups.length)
  const remainder = count % groups.length
  return groups.map((group, index) => ({
    ...group,
    label: groupLabel(group.depthChoices, group.fusionProbability),
    count: share + (index < remainder ? 1 : 0),
  }))
}

/**
 * The stratified random start (method.md 7.1). Every member is new and feasible: a duplicate is redrawn at most 20 times; an
 * infeasible draw at most 50 times, after which the nearest feasible member found so far (or a named genotype) is changed one
 * fusion at a time.
 *
 * @param random - Advanced by the draws; its state afterwards belongs to the run.
 */
export function drawInitialPopulation(
  space: SearchSpace,
  count: number,
  random: Random,
  { isKnown = () => false, isFeasible = () => true }: NoveltyChecks = {},
): InitialPopulation {
  const drawn = new Set<string>()
  const isNew = (id: string): boolean => !drawn.has(id) && !isKnown(id)
  const slots = initialStrata(count, space).flatMap((stratum) =>
    Array.from({ length: stratum.count }, () => stratum),
  )
  const members: (InitialMember | null)[] = slots.map((stratum) => {
    const member = drawMember(space, stratum, random, { isNew, isFeasible })
    if (member !== null) {
      drawn.add(member.id)
    }
    return member
  })
  // Second pass: only now all feasible neighbours are known, also for the strata that come first.
  for (const [index, stratum] of slots.entries()) {
    if (members[index] === null) {
      const member = changeNeighbour(space, stratum, members, random, { isNew, isFeasible })
      if (member !== null) {
        drawn.add(member.id)
      }
      members[index] = member
    }
  }
  const found = members.filter((member) => member !== null)
  return { members: found, missing: count - found.length }
}

interface Acceptance {
  readonly isNew: (id: string) => boolean
  readonly isFeasible: (genotype: Genotype) => boolean
}

function drawMember(
  space: SearchSpace,
  stratum: Stratum,
  random: Random,
  { isNew, isFeasible }: Acceptance,
): InitialMember | null {
  let duplicates = 0
  let infeasible = 0
  while (duplicates <= DUPLICATE_TRIES && infeasible <= INFEASIBLE_TRIES) {
    const genotype = sampleFromGroup(space, stratum, random)
    if (isFeasible(genotype)) {
      const id = genotypeId(genotype)
      if (isNew(id)) {
        return { genotype, id, label: stratum.label }
      }
      duplicates += 1
    } else {
      infeasible += 1
    }
  }
  return null
}

/** Changes the feasible genotype nearest to a draw of the stratum, one more fusion at each try. */
function changeNeighbour(
  space: SearchSpace,
  stratum: Stratum,
  members: readonly (InitialMember | null)[],
  random: Random,
  { isNew, isFeasible }: Acceptance,
): InitialMember | null {
  const wanted = sampleFromGroup(space, stratum, random)
  const named = [smallestGenotype(space), hrnetGenotype(space), largestGenotype(space)].filter(isFeasible)
  const known = members.filter((member) => member !== null).map((member) => member.genotype)
  const neighbours = [...known, ...named]
  if (neighbours.length === 0) {
    return null
  }
  const distances = neighbours.map((neighbour) => genotypeDistance(neighbour, wanted))
  let genotype = elementAt(neighbours, distances.indexOf(Math.min(...distances)), 'feasible neighbours')
  for (let attempt = 0; attempt < INFEASIBLE_TRIES; attempt += 1) {
    const changed = flipOneEdge(space, genotype, random)
    if (isFeasible(changed)) {
      const id = genotypeId(changed)
      if (isNew(id)) {
        return { genotype: changed, id, label: stratum.label }
      }
      genotype = changed
    }
  }
  return null
}
