import { canonicalModule } from '../canonical-genotype.ts'
import { elementAt } from '../element-at.ts'
import type { Genotype, ModuleGenotype } from '../genotype.types.ts'
import type { Random, UniformSource } from '../random.ts'
import { evolvableModules, isLastPoseModule, type SearchSpace } from '../search-space.ts'

/** One optional fusion of a genotype. */
export interface FusionEdge {
  readonly module: number
  readonly step: number
  readonly target: number
  readonly source: number
}

export interface CrossedGenotype {
  readonly genotype: Genotype
  /** Indices of the modules that come from the mate, ascending. */
  readonly modulesTaken: readonly number[]
}

/**
 * Crossover (method.md 7.4): each evolvable module is taken whole, depths and fusions, from the mate with the given probability.
 * Consumes one draw per evolvable module. The result shares nothing with the parents.
 */
export function crossOver(
  space: SearchSpace,
  parents: { readonly base: Genotype; readonly mate: Genotype },
  probability: number,
  random: UniformSource,
): CrossedGenotype {
  const modules = copyModules(parents.base)
  const modulesTaken: number[] = []
  for (const index of evolvableModules(space)) {
    if (random.next() < probability) {
      modules[index] = canonicalModule(elementAt(parents.mate.modules, index, 'modules of the mate'))
      modulesTaken.push(index)
    }
  }
  return { genotype: { modules }, modulesTaken }
}

/**
 * Mutation (method.md 7.4): flips each mutable fusion with the given probability. Depths never change. Consumes one draw per
 * mutable fusion, in the order of {@link mutableEdges}. Returns a new genotype.
 */
export function mutate(
  space: SearchSpace,
  genotype: Genotype,
  probability: number,
  random: UniformSource,
): Genotype {
  const flipped = mutableEdges(space, genotype).filter(() => random.next() < probability)
  return flipEdges(genotype, flipped)
}

/**
 * Flips exactly one mutable fusion, all equally likely; the smallest change there is. Without any mutable fusion the copy is equal.
 */
export function flipOneEdge(space: SearchSpace, genotype: Genotype, random: Pick<Random, 'int'>): Genotype {
  const edges = mutableEdges(space, genotype)
  return edges.length === 0
    ? flipEdges(genotype, [])
    : flipEdges(genotype, [elementAt(edges, random.int(edges.length), 'mutable fusions')])
}

/**
 * The fusions that mutation may flip, by module, target, step, source (the order of the reference's loops): those of evolvable
 * modules at steps that the target still owns, without those that the rule for the last pose module fixes.
 */
export function mutableEdges(space: SearchSpace, genotype: Genotype): FusionEdge[] {
  const edges: FusionEdge[] = []
  for (const module of evolvableModules(space)) {
    const { depths } = elementAt(genotype.modules, module, 'modules of the genotype')
    const fixedSteps = isLastPoseModule(space, module) ? 1 : 0
    for (const [target, depth] of depths.entries()) {
      for (let step = 0; step < depth - fixedSteps; step += 1) {
        for (const source of depths.keys()) {
          if (source !== target) {
            edges.push({ module, step, target, source })
          }
        }
      }
    }
  }
  return edges
}

/**
 * How far two genotypes of one space are apart: differences of depth, in blocks, plus fusions that only one of them has.
 */
export function genotypeDistance(a: Genotype, b: Genotype): number {
  let distance = 0
  for (const [index, module] of a.modules.entries()) {
    const other = elementAt(b.modules, index, 'modules of the other genotype')
    for (const [branch, depth] of module.depths.entries()) {
      distance += Math.abs(depth - (other.depths[branch] ?? 0))
    }
    distance += countFusionDifferences(module, other)
  }
  return distance
}

function countFusionDifferences(a: ModuleGenotype, b: ModuleGenotype): number {
  let differences = 0
  const steps = Math.max(a.fusion.length, b.fusion.length)
  for (let step = 0; step < steps; step += 1) {
    for (const target of a.depths.keys()) {
      for (const source of a.depths.keys()) {
        const isSame = (a.fusion[step]?.[target]?.[source] ?? 0) === (b.fusion[step]?.[target]?.[source] ?? 0)
        differences += source === target || isSame ? 0 : 1
      }
    }
  }
  return differences
}

function flipEdges(genotype: Genotype, edges: readonly FusionEdge[]): Genotype {
  const modules = genotype.modules.map(({ depths, fusion }) => ({
    depths: [...depths],
    fusion: fusion.map((targets) => targets.map((sources) => [...sources])),
  }))
  for (const { module, step, target, source } of edges) {
    const row = elementAt(
      elementAt(elementAt(modules, module, 'modules').fusion, step, 'fusion steps'),
      target,
      'fusion targets',
    )
    row[source] = 1 - elementAt(row, source, 'fusion sources')
  }
  return { modules }
}

function copyModules(genotype: Genotype): ModuleGenotype[] {
  return genotype.modules.map(canonicalModule)
}
