import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { MetricPoint, RunEvent } from '../../../src-main/contract/index.ts'
import { EventHub } from '../../../src-main/engine/events/event-hub.ts'
import type { Store } from '../../../src-main/store/store.ts'
import { createTemporaryFolder, insertRun, openTestStore } from '../../support/engine-core.ts'

const RUN = 'r-events1'

function point(iteration: number): MetricPoint {
  return {
    ...{ phase: 'teacher', attempt: 1, iteration, epoch: 1, turn: -1, loss: iteration, taskLoss: 1 },
    ...{
      distillationLoss: 0,
      learningRate: 0.1,
      imagesPerSecond: 3,
      loaderWait: 0,
      residentBytes: 1,
      backendBytes: 1,
    },
  }
}

describe('events', { timeout: 30_000 }, () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let store: Store
  let hub: EventHub
  const errors: unknown[] = []
  beforeEach(async () => {
    folder = createTemporaryFolder()
    store = await openTestStore(folder.folder)
    hub = new EventHub(store, { onWriteError: (_run, thrown) => errors.push(thrown) })
    await insertRun(store, RUN)
    errors.length = 0
  })
  afterEach(() => {
    hub.close()
    store.close()
    folder.remove()
  })

  async function take(
    count: number,
    afterSeq: number | null,
    runId: string | null = RUN,
  ): Promise<RunEvent[]> {
    const controller = new AbortController()
    const taken: RunEvent[] = []
    for await (const event of hub.subscribe({ runId, afterSeq, signal: controller.signal })) {
      taken.push(event)
      if (taken.length === count) {
        controller.abort()
      }
    }
    return taken
  }

  it('of one burst go together: one event for all points, one for all candidates, the last progress', async () => {
    for (let iteration = 1; iteration <= 50; iteration += 1) {
      hub.addMetrics(RUN, [point(iteration)])
      hub.addProgress(RUN, {
        progress: iteration / 100,
        secondsLeft: 10,
        note: `iteration ${String(iteration)}`,
      })
    }
    const [metrics, progress] = await take(2, 0)
    expect(metrics?.kind).toBe('metrics-recorded')
    expect(metrics?.kind === 'metrics-recorded' && metrics.points).toHaveLength(50)
    expect(progress).toMatchObject({
      kind: 'progressed',
      note: 'iteration 50',
      summary: { progress: 0.5, secondsLeft: 10 },
    })
  })

  it('keep their order: what waited is written before a change of status', async () => {
    hub.addLog(RUN, 'info', 'first')
    hub.publishStatus(RUN)
    expect((await take(2, 0)).map((event) => event.kind)).toEqual(['logged', 'status-changed'])
  })

  it('are replayed after the last one that a client saw, then go on live', async () => {
    hub.publishStatus(RUN)
    hub.publish(RUN, { kind: 'checkpoint-written', phase: 'teacher', iteration: 1, bytes: 1 })
    const [first] = await take(1, 0)
    const later = take(2, first?.seq ?? 0)
    setTimeout(
      () => hub.publish(RUN, { kind: 'checkpoint-written', phase: 'teacher', iteration: 2, bytes: 1 }),
      20,
    )
    expect(await later).toMatchObject([
      { kind: 'checkpoint-written', iteration: 1 },
      { kind: 'checkpoint-written', iteration: 2 },
    ])
  })

  it('without a last one begin with what happens next', async () => {
    hub.publish(RUN, { kind: 'checkpoint-written', phase: 'teacher', iteration: 1, bytes: 1 })
    const next = take(1, null)
    hub.publish(RUN, { kind: 'checkpoint-written', phase: 'teacher', iteration: 2, bytes: 1 })
    expect(await next).toMatchObject([{ iteration: 2 }])
  })

  it('of all runs are status and progress only', async () => {
    await insertRun(store, 'r-events2')
    hub.addLog(RUN, 'info', 'not for everyone')
    hub.publishStatus(RUN)
    hub.publishStatus('r-events2')
    const events = await take(2, 0, null)
    expect(events.map((event) => [event.kind, event.runId])).toEqual([
      ['status-changed', RUN],
      ['status-changed', 'r-events2'],
    ])
  })

  it('reach a client that is far behind, page by page and without a gap', async () => {
    for (let iteration = 1; iteration <= 450; iteration += 1) {
      hub.publish(RUN, { kind: 'checkpoint-written', phase: 'teacher', iteration, bytes: 1 })
    }
    const seen = (await take(450, 0)).map((event) => event.kind === 'checkpoint-written' && event.iteration)
    expect(seen).toEqual(Array.from({ length: 450 }, (_, index) => index + 1))
  })

  it('end when the hub closes', async () => {
    const all = take(1, null)
    hub.close()
    expect(await all).toEqual([])
  })

  it('that cannot be written are kept, tried again, and reported', async () => {
    fillDatabase()
    const long = 'survives '.repeat(50_000)
    hub.addLog(RUN, 'info', long)
    await expect.poll(() => errors.length).toBeGreaterThan(0)
    expect(errors[0]).toMatchObject({ code: 'SQLITE_FULL' })
    store.db.$client.pragma('max_page_count = 1000000')
    await expect
      .poll(() => store.events.log(RUN, 10).map((line) => line.message), { timeout: 3000 })
      .toEqual([long])
  })

  it('that can never be written are reported once, not tried for ever', async () => {
    store.db.$client.exec(
      "CREATE TEMP TRIGGER broken BEFORE INSERT ON main.events BEGIN SELECT RAISE(FAIL, 'malformed'); END",
    )
    hub.addLog(RUN, 'info', 'lost')
    await expect.poll(() => errors.length).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(errors).toHaveLength(1)
    store.db.$client.exec('DROP TRIGGER broken')
  })

  /** The database may not grow any more, as on a full disk. */
  function fillDatabase(): void {
    const pages = store.db.$client.pragma('page_count', { simple: true })
    store.db.$client.pragma(`max_page_count = ${String(pages)}`)
  }
})
