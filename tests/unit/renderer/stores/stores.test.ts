import { beforeEach, describe, expect, it, vi } from 'vitest'
import { defineComponent } from 'vue'
import type { RunEvent, RunEventBody } from '../../../../src-main/contract/index.ts'
import { useCandidatesStore } from '../../../../src-renderer/stores/candidates-store.ts'
import { useConnectionStore } from '../../../../src-renderer/stores/connection-store.ts'
import { usePreviewStore } from '../../../../src-renderer/stores/preview-store.ts'
import { useRunStore } from '../../../../src-renderer/stores/run-store.ts'
import { useRunsStore } from '../../../../src-renderer/stores/runs-store.ts'
import { createFakeEngine, mountWith, settle } from '../support/fake-engine.ts'
import type { FakeEngine } from '../support/fake-engine.ts'
import { RUN_ID, sampleCandidate, sampleDetails, sampleMetric, sampleSummary } from '../support/sample-run.ts'

const failOnError = (error: unknown): never => {
  throw error
}
let seq = 0
const event = (body: RunEventBody, runId = RUN_ID): RunEvent => ({
  ...body,
  runId,
  seq: (seq += 1),
  at: 1000,
})

let fake: FakeEngine
let pinia: ReturnType<typeof mountWith>['pinia']
beforeEach(() => {
  fake = createFakeEngine()
  fake.state.runs = [sampleSummary()]
  fake.state.details = sampleDetails()
  fake.state.candidates = [sampleCandidate(1)]
  pinia = mountWith(
    fake.engine,
    defineComponent(() => () => null),
  ).pinia
})

describe('runs store', () => {
  it('follows the events of all runs: changes a known one, puts a new one first', async () => {
    const runs = useRunsStore(pinia)
    await runs.load()
    runs.follow(failOnError)
    fake.emit(event({ kind: 'progressed', summary: sampleSummary({ progress: 0.9 }), note: '' }))
    fake.emit(
      event({
        kind: 'status-changed',
        status: 'queued',
        phase: null,
        summary: sampleSummary({ id: 'r-other001' }),
      }),
    )
    expect(runs.runs.map((run) => [run.id, run.progress])).toEqual([
      ['r-other001', 0.4],
      [RUN_ID, 0.9],
    ])
  })

  it('takes the answer of a verb as the new state', async () => {
    const runs = useRunsStore(pinia)
    await runs.load()
    await runs.stop(RUN_ID)
    expect(runs.byId(RUN_ID)?.status).toBe('stopped')
    await runs.remove(RUN_ID)
    expect(runs.runs).toEqual([])
  })
})

describe('run store', () => {
  it('subscribes before it fetches, so that nothing falls in between', async () => {
    const run = useRunStore(pinia)
    const opening = run.open(RUN_ID, failOnError)
    fake.emit(event({ kind: 'metrics-recorded', points: [sampleMetric(3)] }))
    await opening
    expect(run.metrics.map((point) => point.iteration)).toEqual([3])
    expect(run.details?.id).toBe(RUN_ID)
  })

  it('applies live metrics, candidates, generations and log lines', async () => {
    const run = useRunStore(pinia)
    const candidates = useCandidatesStore(pinia)
    await run.open(RUN_ID, failOnError)
    fake.emit(event({ kind: 'metrics-recorded', points: [sampleMetric(1), sampleMetric(2)] }))
    fake.emit(
      event({
        kind: 'candidates-changed',
        rows: [sampleCandidate(1, { accuracy: 0.5 }), sampleCandidate(2)],
      }),
    )
    fake.emit(event({ kind: 'logged', level: 'warn', message: 'careful' }))
    expect(run.metrics).toHaveLength(2)
    expect(run.log).toEqual([{ at: 1000, level: 'warn', message: 'careful' }])
    expect(candidates.rows.map((row) => [row.number, row.accuracy])).toEqual([
      [1, 0.5],
      [2, 0.02],
    ])
  })

  it('ignores events of other runs', async () => {
    const run = useRunStore(pinia)
    await run.open(RUN_ID, failOnError)
    fake.emit(event({ kind: 'metrics-recorded', points: [sampleMetric(1)] }, 'r-other001'))
    expect(run.metrics).toEqual([])
  })

  it('reads the details again when the status changes', async () => {
    const run = useRunStore(pinia)
    await run.open(RUN_ID, failOnError)
    fake.state.details = sampleDetails({ status: 'completed' })
    fake.emit(
      event({
        kind: 'status-changed',
        status: 'completed',
        phase: 'report',
        summary: sampleSummary({ status: 'completed' }),
      }),
    )
    await settle()
    expect(run.details?.status).toBe('completed')
  })

  it('opening the open run again asks nothing', async () => {
    const run = useRunStore(pinia)
    await run.open(RUN_ID, failOnError)
    const asked = fake.calls.length
    await run.open(RUN_ID, failOnError)
    expect(fake.calls).toHaveLength(asked)
  })
})

describe('preview store', () => {
  it('predicts a candidate once, however often it is asked', async () => {
    const preview = usePreviewStore(pinia)
    fake.state.predictions = {
      candidateId: 'r-sample01:1',
      genotypeId: 'g',
      predictions: [{ kind: 'pose', sampleId: 's', keypoints: [], pck: 0.5 }],
      problems: [],
    }
    await preview.load(RUN_ID)
    await Promise.all([preview.predict('r-sample01:1'), preview.predict('r-sample01:1')])
    await preview.predict('r-sample01:1')
    expect(fake.calls.filter((call) => call === 'candidates.predict')).toHaveLength(1)
    expect(preview.predictionOf('r-sample01:1', 's')).toMatchObject({ pck: 0.5 })
    expect(preview.predictionOf('r-sample01:1', 'other')).toBeNull()
  })

  it('fetches a label map once and gives its bytes', async () => {
    const preview = usePreviewStore(pinia)
    const [first] = await Promise.all([preview.labels('/api/a'), preview.labels('/api/a')])
    expect([...first]).toEqual([0, 1, 2])
    expect(fake.calls).toEqual(['GET /api/a'])
  })
})

describe('connection store', () => {
  it('announces a loss only when it lasts, and counts what came back', () => {
    vi.useFakeTimers()
    const connection = useConnectionStore(pinia)
    connection.apply('open', 0)
    connection.apply('closed', 1000)
    expect(connection.isAnnounced).toBe(false)
    vi.advanceTimersByTime(1000)
    expect(connection.isAnnounced).toBe(true)
    connection.apply('closed', 2000)
    expect([connection.lostAt, connection.attempts]).toEqual([1000, 2])
    connection.apply('open', 3000)
    expect([connection.isAnnounced, connection.lostAt, connection.reopenedCount]).toEqual([false, null, 1])
    vi.useRealTimers()
  })
})
