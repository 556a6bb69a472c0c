import { canonicalGenotype } from './canonical-genotype.ts'
import { elementAt } from './element-at.ts'
import type { Genotype, ModuleGenotype } from './genotype.types.ts'
import {
  edgeName,
  isArray,
  property,
  readModuleGenotype,
  type GenotypeFindings,
  type GenotypeProblem,
  type GenotypeProblemCode,
} from './read-module-genotype.ts'
import { isLastPoseModule, type ModuleSpec, type SearchSpace } from './search-space.ts'

export type { GenotypeProblem, GenotypeProblemCode }

export type GenotypeValidation =
  | { readonly ok: true; readonly genotype: Genotype; readonly warnings: readonly GenotypeProblem[] }
  | { readonly ok: false; readonly problems: readonly GenotypeProblem[] }

export interface ValidationOptions {
  /**
   * What to do with a fusion into a branch after its last block: refuse it (default, for the search), or clear it with a warning
   * (an import on request; the reference would run such a fusion).
   */
  readonly clearLate?: boolean
}

/**
 * Checks a genotype of unknown origin against a space, every row of method.md 3.5.
 *
 * @param input - Canonical JSON (method.md 3.4); only `stages[].modules[]` is read, since width and task are context.
 * @returns The canonical genotype and warnings, or all problems found, each with its code and a sentence.
 */
export function validateGenotype(
  space: SearchSpace,
  input: unknown,
  options: ValidationOptions = {},
): GenotypeValidation {
  const modules = listModules(input)
  if (modules === null) {
    return refusal('LAYOUT', 'expected an object with stages[].modules[]')
  }
  return validateModules(space, modules, options)
}

/**
 * The same for a flat list of modules `{ branches, depths, fusion[step][target][source] }`.
 */
export function validateModules(
  space: SearchSpace,
  modules: readonly unknown[],
  { clearLate = false }: ValidationOptions = {},
): GenotypeValidation {
  if (modules.length !== space.modules.length) {
    const layout = space.stages.map((stage) => String(stage.modules)).join(' + ')
    return refusal(
      'LAYOUT',
      `expected ${String(space.modules.length)} modules (${layout}), found ${String(modules.length)}`,
    )
  }
  const findings: GenotypeFindings = { problems: [], warnings: [] }
  const checked: ModuleGenotype[] = []
  for (const [index, spec] of space.modules.entries()) {
    const module = readModuleGenotype(space, spec, modules[index], findings)
    if (module !== null) {
      checkFusion(spec, module, clearLate, findings)
      if (isLastPoseModule(space, index)) {
        checkLastPoseModule(module, findings)
      }
      checked.push(module)
    }
  }
  return findings.problems.length > 0
    ? { ok: false, problems: findings.problems }
    : { ok: true, genotype: canonicalGenotype({ modules: checked }), warnings: findings.warnings }
}

/** All problems in one text: `LAYOUT: …; DEPTH: …`. */
export function describeProblems(problems: readonly GenotypeProblem[]): string {
  return problems.map(({ code, message }) => `${code}: ${message}`).join('; ')
}

function refusal(code: GenotypeProblemCode, message: string): GenotypeValidation {
  return { ok: false, problems: [{ code, message }] }
}

function listModules(input: unknown): readonly unknown[] | null {
  const stages = property(input, 'stages')
  if (!isArray(stages)) {
    return null
  }
  const modules: unknown[] = []
  for (const stage of stages) {
    const ofStage = property(stage, 'modules')
    if (!isArray(ofStage)) {
      return null
    }
    // Not push(...): a list of a million modules would exhaust the stack before it could be refused.
    for (const module of ofStage) {
      modules.push(module)
    }
  }
  return modules
}

/** Diagonal and bits after the end of a branch or of the module. */
function checkFusion(
  spec: ModuleSpec,
  module: ModuleGenotype,
  clearLate: boolean,
  findings: GenotypeFindings,
): void {
  const steps = Math.max(...module.depths)
  for (const [step, targets] of module.fusion.entries()) {
    for (const [target, sources] of targets.entries()) {
      const depth = elementAt(module.depths, target, `${spec.name} depths`)
      for (const [source, bit] of sources.entries()) {
        if (source === target) {
          if (bit === 0 && step < depth) {
            const message = `${edgeName(spec, step, source, target)}: set to 1, a branch always keeps itself`
            findings.warnings.push({ code: 'SELF', message })
          }
        } else if (bit === 1 && step >= depth) {
          const isUnread = step >= steps
          const list = isUnread || clearLate ? findings.warnings : findings.problems
          list.push({
            code: 'LATE',
            message: lateMessage(spec, { step, source, target, depth, isUnread, clearLate }),
          })
        }
      }
    }
  }
}

interface LateBit {
  readonly step: number
  readonly source: number
  readonly target: number
  readonly depth: number
  readonly isUnread: boolean
  readonly clearLate: boolean
}

function lateMessage(spec: ModuleSpec, bit: LateBit): string {
  const edge = edgeName(spec, bit.step, bit.source, bit.target)
  if (bit.isUnread) {
    return `${edge}: cleared, the module has no such step`
  }
  const where = `${edge}: branch ${String(bit.target)} has only ${String(bit.depth)} blocks`
  return bit.clearLate ? `${where}, cleared` : `${where}, no search makes this; an import can clear it`
}

/** method.md 3.3: at its last own step branch 0 takes all branches and every other branch takes none. */
function checkLastPoseModule({ depths, fusion }: ModuleGenotype, { problems }: GenotypeFindings): void {
  const isKept = depths.every((depth, target) =>
    depths.every(
      (_depth, source) =>
        source === target || fusion[depth - 1]?.[target]?.[source] === (target === 0 ? 1 : 0),
    ),
  )
  if (!isKept) {
    problems.push({
      code: 'LAST',
      message:
        'last module: branch 0 must take all branches at its last step; branch k must take none at its own',
    })
  }
}
