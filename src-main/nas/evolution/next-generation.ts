import { elementAt } from '../element-at.ts'
import { genotypeId } from '../genotype.ts'
import type { Genotype } from '../genotype.types.ts'
import type { Random } from '../random.ts'
import type { SearchSpace } from '../search-space.ts'
import { crossOver, flipOneEdge, genotypeDistance, mutate } from './operators.ts'
import { selectPeeledFronts, type SelectableRecord, type SelectionOptions } from './select-peeled-fronts.ts'
import { drawUniform, type UniformDraws } from './uniform-draws.ts'

/** A scored candidate that may become a parent. */
export interface ParentRecord extends SelectableRecord {
  readonly genotype: Genotype
}

export interface Child {
  readonly genotype: Genotype
  readonly id: string
  /** Record ids: the parent that the child was copied from, then its mate (the same, if there was no other). */
  readonly parents: readonly [base: string, mate: string]
  /** Indices of the modules that came whole from the mate. */
  readonly modulesTaken: readonly number[]
  /** Fusions that differ from the crossed parents. */
  readonly edgesFlipped: number
}

/** How children are made, without who their parents are. */
export interface Breeding {
  readonly space: SearchSpace
  /** Official 0.25. */
  readonly crossoverProbability: number
  /** Official 0.2, per fusion. */
  readonly mutationProbability: number
  readonly random: Random
}

export interface NextGenerationOptions<Entry extends ParentRecord> extends Breeding {
  /** All candidates evaluated so far, of all generations. */
  readonly records: readonly Entry[]
  /** Number of parents and of children. */
  readonly count: number
  /** Whether a genotype id is already in the ledger, evaluated or not. */
  readonly isKnown: (id: string) => boolean
  /** Whether a genotype meets the constraints; default: all do. */
  readonly isFeasible?: (genotype: Genotype) => boolean
  /** Default {@link selectPeeledFronts} with the cheap tail; e.g. `selectNonDominated` for three objectives. */
  readonly select?: (records: readonly Entry[], count: number) => readonly Entry[]
  readonly tail?: SelectionOptions['tail']
}

export interface NextGeneration<Entry extends ParentRecord> {
  readonly parents: readonly Entry[]
  /** Of the chosen parents, then of the others. */
  readonly children: readonly Child[]
  /** Where the chosen parents had too few new neighbours: how many of the next best were asked, and their children. */
  readonly others: { readonly parents: number; readonly children: number }
  /** Where those had too few as well. */
  readonly uniform: UniformDraws
  /** How many could not be found within all these tries. */
  readonly missing: number
}

/** method.md 7.5: tries before the parent itself is changed, and then tries of that. */
const CHILD_TRIES = 50

/**
 * One generation of offspring (method.md 7.4): the selected parents each get one child, crossed with another selected parent and
 * mutated. A child that is known is mutated again; an infeasible one is drawn anew; after 50 tries the nearer parent is changed one
 * fusion at a time. Children of one generation are all different. With fewer parents than children the parents go round.
 * Where that finds too few, the next best records have a child each, and then the space is drawn from uniformly; none of this consumes
 * a draw where the chosen parents have enough.
 *
 * @throws RangeError if a probability is not in [0, 1], or if no record is scored and feasible.
 */
export function nextGeneration<Entry extends ParentRecord>(
  options: NextGenerationOptions<Entry>,
): NextGeneration<Entry> {
  const { records, count, random, isKnown, isFeasible = () => true } = options
  requireProbabilities(options)
  const select =
    options.select ??
    ((entries: readonly Entry[], size: number) =>
      selectPeeledFronts(entries, size, { tail: options.tail ?? 'cheap' }))
  const feasible = records.filter((record) => isFeasible(record.genotype))
  const parents = select(feasible, count)
  if (count > 0 && parents.length === 0) {
    throw new RangeError(
      `next generation: no parents, ${String(records.length)} records given, ${String(feasible.length)} within the constraints, none scored`,
    )
  }
  const born = new Set<string>()
  const isNew = (id: string): boolean => !born.has(id) && !isKnown(id)
  const acceptance = { isNew, isFeasible }
  const children: Child[] = []
  const add = (among: readonly Entry[], position: number): void => {
    const base = elementAt(among, position, 'parents')
    const child = makeChild(options, { base, mate: drawMate(among, position, random) }, acceptance)
    if (child !== null) {
      born.add(child.id)
      children.push(child)
    }
  }
  for (let position = 0; position < count; position += 1) {
    add(parents, position % parents.length)
  }
  const found = children.length
  const others = found === count ? [] : select(leaveOut(feasible, parents), count)
  for (let position = 0; position < others.length && children.length < count; position += 1) {
    add(others, position)
  }
  const uniform = drawUniform(options.space, count - children.length, random, acceptance)
  return {
    ...{ parents, children, uniform },
    others: { parents: others.length, children: children.length - found },
    missing: count - children.length - uniform.members.length,
  }
}

function leaveOut<Entry>(records: readonly Entry[], taken: readonly Entry[]): readonly Entry[] {
  const known = new Set(taken)
  return records.filter((record) => !known.has(record))
}

interface Pair {
  readonly base: ParentRecord
  readonly mate: ParentRecord
}

interface Acceptance {
  readonly isNew: (id: string) => boolean
  readonly isFeasible: (genotype: Genotype) => boolean
}

/** What crossing gave and what became of it. */
interface Draft {
  readonly crossed: Genotype
  readonly genotype: Genotype
  readonly modulesTaken: readonly number[]
}

/** Another parent than the one at `position`, all equally likely; the same, if there is no other. */
function drawMate<Entry>(parents: readonly Entry[], position: number, random: Random): Entry {
  if (parents.length === 1) {
    return elementAt(parents, position, 'parents')
  }
  const other = random.int(parents.length - 1)
  return elementAt(parents, other < position ? other : other + 1, 'parents')
}

function makeChild(breeding: Breeding, pair: Pair, acceptance: Acceptance): Child | null {
  let draft = drawDraft(breeding, pair)
  for (let attempt = 0; attempt < CHILD_TRIES; attempt += 1) {
    if (!acceptance.isFeasible(draft.genotype)) {
      draft = drawDraft(breeding, pair)
    } else if (!acceptance.isNew(genotypeId(draft.genotype))) {
      draft = { ...draft, genotype: mutateAgain(breeding, draft.genotype) }
    } else {
      return toChild(draft, pair)
    }
  }
  return changeNearerParent(breeding, draft, pair, acceptance)
}

function drawDraft(
  { space, crossoverProbability, mutationProbability, random }: Breeding,
  { base, mate }: Pair,
): Draft {
  const { genotype: crossed, modulesTaken } = crossOver(
    space,
    { base: base.genotype, mate: mate.genotype },
    crossoverProbability,
    random,
  )
  return { crossed, genotype: mutate(space, crossed, mutationProbability, random), modulesTaken }
}

/** At least one fusion changes, also where the probability is 0 or the coins all fell to nothing. */
function mutateAgain({ space, mutationProbability, random }: Breeding, genotype: Genotype): Genotype {
  const mutated = mutate(space, genotype, mutationProbability, random)
  return genotypeDistance(mutated, genotype) === 0 ? flipOneEdge(space, genotype, random) : mutated
}

/** Starts from the parent nearer to the last draft and walks one fusion at a time, staying feasible, until it is new. */
function changeNearerParent(
  { space, random }: Breeding,
  draft: Draft,
  { base, mate }: Pair,
  { isNew, isFeasible }: Acceptance,
): Child | null {
  const isMateNearer =
    genotypeDistance(mate.genotype, draft.genotype) < genotypeDistance(base.genotype, draft.genotype)
  const start = isMateNearer ? mate : base
  let genotype = start.genotype
  for (let attempt = 0; attempt < CHILD_TRIES; attempt += 1) {
    const changed = flipOneEdge(space, genotype, random)
    if (isFeasible(changed)) {
      if (isNew(genotypeId(changed))) {
        return toChild(
          { crossed: start.genotype, genotype: changed, modulesTaken: [] },
          { base: start, mate: isMateNearer ? base : mate },
        )
      }
      genotype = changed
    }
  }
  return null
}

function toChild({ crossed, genotype, modulesTaken }: Draft, { base, mate }: Pair): Child {
  return {
    genotype,
    id: genotypeId(genotype),
    parents: [base.id, mate.id],
    modulesTaken,
    edgesFlipped: genotypeDistance(crossed, genotype),
  }
}

function requireProbabilities(options: {
  readonly crossoverProbability: number
  readonly mutationProbability: number
}): void {
  const { crossoverProbability, mutationProbability } = options
  for (const [name, value] of Object.entries({ crossoverProbability, mutationProbability })) {
    if (!(value >= 0 && value <= 1)) {
      throw new RangeError(`next generation: ${name} must be in [0, 1], got ${String(value)}`)
    }
  }
}
