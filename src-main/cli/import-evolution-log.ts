import { dirname, join } from 'node:path'
import { EngineError, toErrorInfo } from '../contract/index.ts'
import type { GenotypeJson } from '../contract/index.ts'
import { MOST_SMALL_BYTES, readForeignText } from '../files/foreign-text.ts'
import { readRegularFile } from '../files/regular-file.ts'
import { parseEvolutionLog } from '../formats/evolution-log.ts'
import type { EvolutionRecord } from '../formats/evolution-log.ts'
import { decodeMaskNpy, MOST_MASK_BYTES } from '../formats/mask-npy.ts'
import { countCost, toGigaMacs } from '../nas/cost.ts'
import { genotypeId, toGenotypeJson } from '../nas/genotype.ts'
import { planNetwork } from '../nas/network-plan.ts'
import type { NetworkShape } from '../nas/network-plan.types.ts'
import { fromOfficialMask } from '../nas/official-mask.ts'
import type { SearchSpace } from '../nas/search-space.ts'
import { describeProblems } from '../nas/validate-genotype.ts'

/** Our cost and the printed one may differ by rounding; beyond this they are of different networks or inputs (method.md 7.7). */
const COST_TOLERANCE = 0.005

/** A candidate of another program: its score was measured in a way that nobody recorded, so it shares a front with its like only. */
export interface ImportedCandidate {
  readonly name: string
  readonly genotypeId: string
  readonly genotype: GenotypeJson
  /** In [0, 1]. */
  readonly accuracy: number
  /** Ours, exact. */
  readonly macs: number
  readonly params: number
  /** What the log prints. */
  readonly stated: { readonly paramsMillions: number; readonly gigaMacs: number; readonly score: number }
  readonly protocol: 'imported'
  readonly warnings: readonly string[]
}

export interface ImportedLog {
  readonly candidates: readonly ImportedCandidate[]
  readonly unscored: readonly string[]
  readonly leftOut: readonly string[]
}

export interface ImportOptions {
  readonly space: SearchSpace
  readonly shape: NetworkShape
  /** Fusions into branches that have ended are cleared with a warning instead of refused. */
  readonly clearLate: boolean
}

/**
 * Reads a log of the reference's search with the genotype files beside it (method.md 7.6, 7.7).
 *
 * @throws EngineError BAD_REQUEST if the log cannot be read; a line or file that does not fit is listed and left out.
 */
export async function importEvolutionLog(file: string, options: ImportOptions): Promise<ImportedLog> {
  const { records, unscored, problems, scoreScale } = parseEvolutionLog(
    await readForeignText(file, { mostBytes: MOST_SMALL_BYTES }),
  )
  const leftOut = [...problems]
  const candidates = new Map<string, ImportedCandidate>()
  for (const record of records) {
    try {
      const path = join(dirname(file), `${record.name}.npy`)
      const mask = decodeMaskNpy(await readRegularFile(path, { mostBytes: MOST_MASK_BYTES }))
      const candidate = toCandidate(record, mask, scoreScale, options)
      const twin = candidates.get(candidate.genotypeId)
      if (twin === undefined) {
        candidates.set(candidate.genotypeId, candidate)
      } else {
        leftOut.push(`${record.name}: the same architecture as ${twin.name}`)
      }
    } catch (thrown) {
      leftOut.push(`${record.name}: ${toErrorInfo(thrown).message}`)
    }
  }
  return { candidates: [...candidates.values()], unscored, leftOut }
}

function toCandidate(
  { name, paramsMillions, gigaMacs, score }: EvolutionRecord,
  mask: readonly unknown[],
  scoreScale: number,
  { space, shape, clearLate }: ImportOptions,
): ImportedCandidate {
  const validation = fromOfficialMask(space, mask, { clearLate })
  if (!validation.ok) {
    throw new EngineError('BAD_REQUEST', describeProblems(validation.problems))
  }
  const { genotype, warnings } = validation
  const { macs, params } = countCost(planNetwork(space, shape, genotype))
  return {
    name,
    genotypeId: genotypeId(genotype),
    genotype: toGenotypeJson(space, shape.baseWidth, genotype),
    accuracy: score / scoreScale,
    macs,
    params,
    stated: { paramsMillions, gigaMacs, score },
    protocol: 'imported',
    warnings: [
      ...warnings.map(({ code, message }) => `${code}: ${message}`),
      ...compareCost('multiply-adds / 2^30', gigaMacs, toGigaMacs(macs)),
      ...compareCost('million parameters', paramsMillions, params / 1e6),
    ],
  }
}

function compareCost(unit: string, stated: number, counted: number): readonly string[] {
  return Math.abs(stated - counted) <= COST_TOLERANCE * counted
    ? []
    : [`the log says ${stated} ${unit}, ours are ${counted.toFixed(3)}; check width, input and outputs`]
}
