import { LATENCY_METRIC } from '../../contract/index.ts'
import type { RunConfig } from '../../contract/index.ts'
import { selectNonDominated, selectPeeledFronts } from '../../nas/evolution/select-peeled-fronts.ts'
import type { SelectableRecord } from '../../nas/evolution/select-peeled-fronts.ts'

export interface MeasuredRecord extends SelectableRecord {
  readonly metrics: Readonly<Record<string, number>>
}

/**
 * How a run chooses parents: peeled fronts of accuracy and MACs (method.md 7.3), or, where it measures latency, the non-dominated
 * sorting of accuracy, MACs and latency. A record without a latency takes no part in the latter.
 */
export function createParentSelection<Entry extends MeasuredRecord>({
  measuresLatency = false,
  tail,
}: Pick<RunConfig['search'], 'measuresLatency' | 'tail'>): (
  records: readonly Entry[],
  count: number,
) => readonly Entry[] {
  if (!measuresLatency) {
    return (records, count) => selectPeeledFronts(records, count, { tail })
  }
  return (records, count) =>
    selectNonDominated(records, count, ({ accuracy, macs, metrics }) => [
      macs,
      -(accuracy ?? Number.NaN),
      metrics[LATENCY_METRIC] ?? Number.NaN,
    ])
}
