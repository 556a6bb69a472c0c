import type { RunEvent } from '../../contract/index.ts'
import type { Store } from '../../store/store.ts'
import type { EventsQuery } from '../services/engine-services.ts'
import { hydrateEvent } from './hydrate-event.ts'
import type { WakeUp } from './wake-up.ts'

const PAGE_SIZE = 200
/** What a list of all runs needs. */
const OVERVIEW_KINDS = ['status-changed', 'progressed']

/**
 * Reads from the database after the last one seen, then waits for the next write: a slow client costs no memory, and replay and
 * live are one path. "Now" is taken at the call, not at the first read.
 */
export function readEvents(store: Store, query: EventsQuery, wakeUp: WakeUp): AsyncIterable<RunEvent> {
  return readAfter(store, query, wakeUp, query.afterSeq ?? store.events.lastSeq())
}

async function* readAfter(
  store: Store,
  { runId, signal }: EventsQuery,
  wakeUp: WakeUp,
  firstSeq: number,
): AsyncGenerator<RunEvent> {
  const kinds = runId === null ? OVERVIEW_KINDS : null
  let afterSeq = firstSeq
  while (!signal.aborted && !wakeUp.isClosed) {
    const woken = wakeUp.wait(signal)
    const page = store.events.page({ runId, kinds, afterSeq, limit: PAGE_SIZE })
    for (const stored of page) {
      afterSeq = stored.seq
      const event = hydrateEvent(store, stored)
      if (event !== null) {
        yield event
      }
    }
    if (page.length < PAGE_SIZE) {
      await woken
    }
  }
}
