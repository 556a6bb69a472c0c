import type { Unsubscribable } from '@trpc/server/observable'
import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import type {
  LogLine,
  MetricPoint,
  PanelPoint,
  RunDetails,
  RunEvent,
  RunSummary,
} from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'
import { createBatcher } from '../lib/batcher.ts'
import { mergeMetrics, mergePanels } from '../lib/merge-metrics.ts'
import { useCandidatesStore } from './candidates-store.ts'

const LOG_LINES = 1000
/** Curves are drawn anew at most this often. */
const REDRAW_MS = 500

/** The run that is open: its details, curves and log, fetched once and then kept live by its events. */
export const useRunStore = defineStore('run', () => {
  const engine = useEngine()
  const candidates = useCandidatesStore()
  const runId = ref<string | null>(null)
  const details = shallowRef<RunDetails | null>(null)
  const metrics = shallowRef<readonly MetricPoint[]>([])
  const panels = shallowRef<readonly PanelPoint[]>([])
  const log = shallowRef<readonly LogLine[]>([])
  const note = ref('')
  let subscription: Unsubscribable | null = null
  const livePoints = createBatcher<MetricPoint>({
    everyMs: REDRAW_MS,
    flush: (points) => {
      metrics.value = mergeMetrics(metrics.value, points)
    },
  })

  /** Opens a run; does nothing if it is open already. @throws EngineError NOT_FOUND for an unknown id. */
  async function open(id: string, onError: (error: unknown) => void): Promise<void> {
    if (runId.value === id) {
      return
    }
    close()
    runId.value = id
    candidates.clear(id)
    subscription = engine.calls.runs.events.subscribe(
      { runId: id },
      {
        onData: ({ data }) => {
          applyEvent(data)
        },
        onError,
      },
    )
    await reload()
  }

  function close(): void {
    subscription?.unsubscribe()
    subscription = null
    runId.value = null
    details.value = null
    livePoints.clear()
    metrics.value = []
    panels.value = []
    log.value = []
    note.value = ''
  }

  /** Fetches everything again; what came live in the meantime stays. */
  async function reload(): Promise<void> {
    const id = runId.value
    if (id === null) {
      return
    }
    const [fetched, history, lines] = await Promise.all([
      engine.calls.runs.get.query({ id }),
      engine.calls.runs.metrics.query({ id }),
      engine.calls.runs.log.query({ id, limit: LOG_LINES }),
      candidates.load(id),
    ])
    if (runId.value === id) {
      details.value = fetched
      metrics.value = mergeMetrics(history.points, metrics.value)
      panels.value = mergePanels(history.panels, panels.value)
      log.value = lines
    }
  }

  async function reloadDetails(id: string): Promise<void> {
    const fetched = await engine.calls.runs.get.query({ id })
    if (runId.value === id) {
      details.value = fetched
    }
  }

  function applyEvent(event: RunEvent): void {
    if (event.runId !== runId.value) {
      return
    }
    switch (event.kind) {
      case 'status-changed':
        applySummary(event.summary)
        void reloadDetails(event.runId)
        break
      case 'checkpoint-written':
        void reloadDetails(event.runId)
        break
      case 'progressed':
        note.value = event.note
        applySummary(event.summary)
        break
      case 'metrics-recorded':
        livePoints.add(event.points)
        break
      case 'panel-evaluated':
        panels.value = mergePanels(panels.value, [event.point])
        break
      case 'candidates-changed':
        candidates.applyRows(event.rows)
        break
      case 'generation-closed':
        candidates.applyGeneration(event.generation)
        break
      case 'logged':
        log.value = [...log.value, { at: event.at, level: event.level, message: event.message }].slice(
          -LOG_LINES,
        )
        break
      case 'predicted':
        break
      default:
        throw new Error(`run store: unknown event ${JSON.stringify(event satisfies never)}`)
    }
  }

  /** The words and numbers of the header change at once; lists follow when the details are read again. */
  function applySummary(summary: RunSummary): void {
    if (details.value !== null) {
      details.value = { ...details.value, ...summary }
    }
  }

  return { runId, details, metrics, panels, log, note, open, close, reload }
})
