import type { MetricPoint, PanelPoint } from '../../src-main/contract/index.ts'

/**
 * Adds points that came live to points that were fetched; a point that comes twice counts once, the later one wins.
 *
 * @returns Ordered by attempt, phase (teacher first) and iteration.
 */
export function mergeMetrics(
  known: readonly MetricPoint[],
  added: readonly MetricPoint[],
): readonly MetricPoint[] {
  return mergeByKey(known, added, (point) => [point.attempt, point.phase, point.iteration].join(' '))
}

export function mergePanels(
  known: readonly PanelPoint[],
  added: readonly PanelPoint[],
): readonly PanelPoint[] {
  return mergeByKey(known, added, (point) => [point.attempt, point.phase, point.iteration].join(' '))
}

interface Ordered {
  readonly attempt: number
  readonly phase: 'teacher' | 'supernet'
  readonly iteration: number
}

function mergeByKey<P extends Ordered>(
  known: readonly P[],
  added: readonly P[],
  keyOf: (point: P) => string,
): readonly P[] {
  if (added.length === 0) {
    return known
  }
  const byKey = new Map(known.map((point) => [keyOf(point), point]))
  for (const point of added) {
    byKey.set(keyOf(point), point)
  }
  return [...byKey.values()].toSorted(byPosition)
}

function byPosition(a: Ordered, b: Ordered): number {
  return phaseOrder(a) - phaseOrder(b) || a.attempt - b.attempt || a.iteration - b.iteration
}

function phaseOrder(point: Ordered): number {
  return point.phase === 'teacher' ? 0 : 1
}
