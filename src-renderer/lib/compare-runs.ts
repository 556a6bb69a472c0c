import type { CandidateRow, RunDetails } from '../../src-main/contract/index.ts'
import { candidateFront, isEvaluated, mainProtocolRows } from './candidate-front.ts'
import type { EvaluatedRow } from './candidate-front.ts'
import { configLines } from './config-lines.ts'
import type { HypervolumeTrace } from './hypervolume-trace.ts'
import { mainMetric } from './main-metric.ts'
import { tookSeconds } from './run-times.ts'

export interface Comparable {
  readonly run: RunDetails
  readonly rows: readonly CandidateRow[]
}

/** The front of a run and what its scores mean. */
export interface ComparedFront {
  readonly run: RunDetails
  /** Cheapest first. */
  readonly front: readonly EvaluatedRow[]
  /** Equal for runs whose scores may stand beside each other. */
  readonly protocolKey: string
}

/** The figures of a run in a comparison, and with which others each may be compared. */
export interface ComparedResult {
  readonly run: RunDetails
  readonly evaluations: number
  /** Best accuracy in [0, 1] on the search split, and the protocol of it as text; null without a score. */
  readonly search: number | null
  readonly searchKey: string | null
  readonly report: number | null
  readonly reportKey: string | null
  /** Against the reference point that runs of the same protocol share here. */
  readonly hypervolume: number | null
  /** From the first start to the end, or to now. */
  readonly seconds: number | null
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

/**
 * What the table of a comparison shows.
 *
 * @param groups - Runs whose scores were measured alike, with their traces.
 * @param now - Milliseconds, for runs that go on.
 */
export function comparedResults(
  runs: readonly Comparable[],
  groups: readonly { readonly key: string; readonly traces: readonly HypervolumeTrace[] }[],
  now: number,
): readonly ComparedResult[] {
  return runs.map(({ run, rows }) => {
    const group = groups.find(({ traces }) => traces.some((trace) => trace.run.id === run.id))
    const end = group?.traces.find((trace) => trace.run.id === run.id)?.points.at(-1)
    const reported = run.reportScores.flatMap(({ metrics, protocol }) => {
      const value = mainMetric(metrics)
      return value === null ? [] : [{ value, key: JSON.stringify(protocol) }]
    })
    const [best] = reported.toSorted((a, b) => b.value - a.value)
    return {
      ...{ run, evaluations: rows.filter(isEvaluated).length, seconds: tookSeconds(run, now) },
      ...{ search: run.bestAccuracy, searchKey: group?.key ?? null },
      ...{ report: best?.value ?? null, reportKey: best?.key ?? null },
      hypervolume: end?.hypervolume ?? null,
    }
  })
}

/** Keys of the configurations that are not the same in all runs, in the order of the first one that has them. */
export function differentKeys(configs: readonly RunDetails['config'][]): readonly DifferentKey[] {
  const values = configs.map((config) => new Map(configLines(config).map(({ path, value }) => [path, value])))
  const paths = new Set(values.flatMap((lines) => [...lines.keys()]))
  return [...paths]
    .map((path) => ({ path, values: values.map((lines) => lines.get(path) ?? null) }))
    .filter((key) => new Set(key.values).size > 1)
}
