import type { DatasetFacts } from '../../src-main/contract/index.ts'

export interface PartMetric {
  readonly name: string
  readonly value: number
  readonly color: string
}

/**
 * The metrics of an evaluation that belong to single joints or classes, in the order of the dataset. Left and right joints of
 * one name share a line: their mean.
 */
export function partMetrics(
  metrics: Readonly<Record<string, number>>,
  dataset: DatasetFacts | null,
): readonly PartMetric[] {
  if (dataset?.classes) {
    const { names, palette } = dataset.classes
    return names.flatMap((name, index) => {
      const value = metrics[`class ${name}`]
      return value === undefined ? [] : [{ name, value, color: palette[index] ?? 'var(--fg-3)' }]
    })
  }
  const values = (dataset?.skeleton?.joints ?? []).flatMap((joint) => {
    const value = metrics[`joint ${joint}`]
    return value === undefined
      ? []
      : [{ pair: joint.replace(/^(left|right)[ _-]/i, '').replaceAll('_', ' '), value }]
  })
  return [...Map.groupBy(values, (entry) => entry.pair)].map(([pair, entries]) => ({
    name: pair,
    value: entries.reduce((sum, entry) => sum + entry.value, 0) / entries.length,
    color: 'var(--run-1)',
  }))
}
