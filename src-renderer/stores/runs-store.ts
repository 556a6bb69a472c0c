import type { Unsubscribable } from '@trpc/server/observable'
import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { RunEvent, RunRequest, RunSummary } from '../../src-main/contract/index.ts'
import { useEngine } from '../api/engine.ts'
import { isActive } from '../lib/run-status.ts'

/** Every run as a line; kept fresh by the events of all runs. */
export const useRunsStore = defineStore('runs', () => {
  const engine = useEngine()
  const runs = shallowRef<readonly RunSummary[]>([])
  const isLoaded = ref(false)
  let subscription: Unsubscribable | null = null

  const active = computed(() => runs.value.filter((run) => isActive(run.status)))
  const running = computed(() => runs.value.find((run) => run.status === 'running') ?? null)
  const pinned = computed(() => runs.value.filter((run) => run.pinned))

  async function load(): Promise<void> {
    runs.value = await engine.calls.runs.list.query()
    isLoaded.value = true
  }

  function follow(onError: (error: unknown) => void): void {
    subscription?.unsubscribe()
    subscription = engine.calls.runs.events.subscribe(
      { runId: null },
      {
        onData: ({ data }) => {
          applyEvent(data)
        },
        onError,
      },
    )
  }

  function applyEvent(event: RunEvent): void {
    if (event.kind === 'status-changed' || event.kind === 'progressed') {
      put(event.summary)
    }
  }

  function put(summary: RunSummary): void {
    const isKnown = runs.value.some((run) => run.id === summary.id)
    runs.value = isKnown
      ? runs.value.map((run) => (run.id === summary.id ? summary : run))
      : [summary, ...runs.value]
  }

  function byId(id: string): RunSummary | null {
    return runs.value.find((run) => run.id === id) ?? null
  }

  async function start(request: RunRequest): Promise<RunSummary> {
    const summary = await engine.calls.runs.start.mutate(request)
    put(summary)
    return summary
  }

  async function stop(id: string): Promise<void> {
    put(await engine.calls.runs.stop.mutate({ id }))
  }

  async function resume(id: string): Promise<void> {
    put(await engine.calls.runs.resume.mutate({ id }))
  }

  async function rename(id: string, name: string): Promise<void> {
    put(await engine.calls.runs.rename.mutate({ id, name }))
  }

  async function pin(id: string, isPinned: boolean): Promise<void> {
    put(await engine.calls.runs.pin.mutate({ id, pinned: isPinned }))
  }

  async function remove(id: string): Promise<void> {
    await engine.calls.runs.delete.mutate({ id })
    runs.value = runs.value.filter((run) => run.id !== id)
  }

  return {
    runs,
    isLoaded,
    active,
    running,
    pinned,
    load,
    follow,
    byId,
    start,
    stop,
    resume,
    rename,
    pin,
    remove,
  }
})
