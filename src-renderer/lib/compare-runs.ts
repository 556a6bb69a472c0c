import type { CandidateRow, GenerationRow, RunDetails } from '../../src-main/contract/index.ts'
import { candidateFront, isEvaluated, mainProtocolRows } from './candidate-front.ts'
import type { EvaluatedRow } from './candidate-front.ts'
import { configLines } from './config-lines.ts'

interface Comparable {
  readonly run: RunDetails
  readonly rows: readonly CandidateRow[]
  readonly generations: readonly GenerationRow[]
}

/** The front of a run and what its scores mean. */
export interface ComparedFront {
  readonly run: RunDetails
  /** Cheapest first. */
  readonly front: readonly EvaluatedRow[]
  /** Equal for runs whose scores may stand beside each other. */
  readonly protocolKey: string
}

export interface DifferentKey {
  readonly path: string
  /** One value a run, in their order; null where its configuration has no such key. */
  readonly values: readonly (string | null)[]
}

/** Fronts of runs by protocol: only those of one group share a chart. Runs without a score are left out. */
export function frontsByProtocol(
  runs: readonly Comparable[],
): readonly (readonly [ComparedFront, ...ComparedFront[]])[] {
  const fronts = runs.flatMap(({ run, rows }) => {
    const [first] = mainProtocolRows(rows.filter(isEvaluated))
    return first === undefined
      ? []
      : [{ run, front: candidateFront(rows), protocolKey: JSON.stringify(first.protocol) }]
  })
  return [...Map.groupBy(fronts, ({ protocolKey }) => protocolKey).values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [[first, ...rest] as const],
  )
}

/** Keys of the configurations that are not the same in all runs, in the order of the first one that has them. */
export function differentKeys(configs: readonly RunDetails['config'][]): readonly DifferentKey[] {
  const values = configs.map((config) => new Map(configLines(config).map(({ path, value }) => [path, value])))
  const paths = new Set(values.flatMap((lines) => [...lines.keys()]))
  return [...paths]
    .map((path) => ({ path, values: values.map((lines) => lines.get(path) ?? null) }))
    .filter((key) => new Set(key.values).size > 1)
}

/** The last hypervolume of a run; null before its random start is scored. */
export function lastHypervolume(generations: readonly GenerationRow[]): number | null {
  return generations.findLast(({ hypervolume }) => hypervolume !== null)?.hypervolume ?? null
}
