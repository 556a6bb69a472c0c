import type { RunEvent, RunEventBody } from '../../contract/index.ts'
import type { StoredEvent } from '../../store/event-queries.ts'
import type { MetricRange } from '../../store/metric-queries.ts'
import type { Store } from '../../store/store.ts'

/** Fills a stored event with the rows it names. Null when they are gone, so that nothing empty is sent. */
export function hydrateEvent(store: Store, stored: StoredEvent): RunEvent | null {
  const { runId, seq, at } = stored
  const body = hydrateBody(store, stored)
  return body === null ? null : { ...body, runId, seq, at }
}

function hydrateBody(store: Store, { runId, kind, body }: StoredEvent): RunEventBody | null {
  switch (kind) {
    case 'metrics-recorded': {
      const points = store.metrics.range(runId, body as MetricRange)
      return points.length === 0 ? null : { kind, points }
    }
    case 'candidates-changed': {
      const { numbers } = body as { readonly numbers: readonly number[] }
      const rows = store.candidates.rowsByNumber(runId, numbers)
      return rows.length === 0 ? null : { kind, rows }
    }
    default:
      // Written by the event hub of this engine, whose bodies have the types of the contract.
      return { kind, ...(body as object) } as RunEventBody
  }
}
