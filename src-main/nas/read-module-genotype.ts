import type { ModuleGenotype } from './genotype.types.ts'
import { LARGEST_DEPTH, type ModuleSpec, type SearchSpace } from './search-space.ts'

/** Codes of method.md 3.5. SELF is only ever a warning; LATE may be either. */
export type GenotypeProblemCode = 'LAYOUT' | 'DEPTH' | 'SHAPE' | 'BIT' | 'SELF' | 'LATE' | 'LAST'

export interface GenotypeProblem {
  readonly code: GenotypeProblemCode
  readonly message: string
}

export interface GenotypeFindings {
  readonly problems: GenotypeProblem[]
  readonly warnings: GenotypeProblem[]
}

/** Branches, depths and the extent of the fusion array; null if the bits cannot be read. */
export function readModuleGenotype(
  space: SearchSpace,
  spec: ModuleSpec,
  input: unknown,
  { problems }: GenotypeFindings,
): ModuleGenotype | null {
  const depths = property(input, 'depths')
  const declared = property(input, 'branches') ?? (isArray(depths) ? depths.length : undefined)
  const tooMany = isArray(depths) && depths.length > spec.branches
  if (declared !== spec.branches || tooMany) {
    const found = tooMany && declared === spec.branches ? depths.length : declared
    problems.push({
      code: 'LAYOUT',
      message: `module ${spec.name} has ${String(spec.branches)} branches, the file says ${show(found)}`,
    })
    return null
  }
  const valid: number[] = []
  for (let branch = 0; branch < spec.branches; branch += 1) {
    const depth = isArray(depths) ? depths[branch] : undefined
    if (typeof depth === 'number' && space.depthChoices.includes(depth)) {
      valid.push(depth)
    } else {
      const allowed = space.depthChoices.join(', ')
      problems.push({
        code: 'DEPTH',
        message: `${spec.name} branch ${String(branch)}: depth ${show(depth)} is not one of ${allowed}`,
      })
    }
  }
  if (valid.length < spec.branches) {
    return null
  }
  const fusion = readFusion(spec, Math.max(...valid), property(input, 'fusion'), problems)
  return fusion === null ? null : { depths: valid, fusion }
}

/** Numbers of shape [steps, branches, branches] with steps >= neededSteps, or null after naming what is missing. */
function readFusion(
  spec: ModuleSpec,
  neededSteps: number,
  input: unknown,
  problems: GenotypeProblem[],
): number[][][] | null {
  const steps: readonly unknown[] = isArray(input) ? input : []
  const found = problems.length
  if (steps.length < neededSteps) {
    problems.push({
      code: 'SHAPE',
      message: `${spec.name}: fusion has ${String(steps.length)} steps, the deepest branch needs ${String(neededSteps)}`,
    })
    return null
  }
  // Also bounds the work and the number of findings for a file that is out of all proportion.
  if (steps.length > LARGEST_DEPTH) {
    problems.push({
      code: 'SHAPE',
      message: `${spec.name}: fusion has ${String(steps.length)} steps, no module has more than ${String(LARGEST_DEPTH)}`,
    })
    return null
  }
  // Array.from, unlike map, also visits the holes of a list that somebody made of parts.
  const fusion = Array.from(steps, (targets, step) => {
    const rows: readonly unknown[] = isArray(targets) ? targets : []
    if (rows.length !== spec.branches) {
      const message = `${spec.name} step ${String(step)}: ${String(rows.length)} targets, expected ${String(spec.branches)}`
      problems.push({ code: 'SHAPE', message })
    }
    return Array.from(rows, (row, target) => readRow(spec, step, target, row, problems))
  })
  return problems.length > found ? null : fusion
}

function readRow(
  spec: ModuleSpec,
  step: number,
  target: number,
  input: unknown,
  problems: GenotypeProblem[],
): number[] {
  const row: readonly unknown[] = isArray(input) ? input : []
  if (row.length !== spec.branches) {
    const place = `${spec.name} step ${String(step)}, target ${String(target)}`
    const message = `${place}: ${String(row.length)} sources, expected ${String(spec.branches)}`
    problems.push({ code: 'SHAPE', message })
    return []
  }
  return Array.from(row, (bit, source) => {
    if (bit === 0 || bit === 1) {
      return bit
    }
    problems.push({ code: 'BIT', message: `${edgeName(spec, step, source, target)}: found ${show(bit)}` })
    return 0
  })
}

/** A fusion in a sentence: `stage3.1 step 2, 0 → 1` is from branch 0 into branch 1. */
export function edgeName(spec: ModuleSpec, step: number, source: number, target: number): string {
  return `${spec.name} step ${String(step)}, ${String(source)} → ${String(target)}`
}

export function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)[name]
    : undefined
}

export function isArray(value: unknown): value is readonly unknown[] {
  return Array.isArray(value)
}

/** A value of unknown kind in a sentence, short whatever it is. */
function show(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return '(missing)'
    case 'string':
      return `the text ${JSON.stringify(value.slice(0, 20))}`
    case 'number':
    case 'boolean':
      return String(value)
    case 'bigint':
      return `${String(value)}n`
    default:
      return value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`
  }
}
