import { createPinia } from 'pinia'
import type { Pinia } from 'pinia'
import { createApp, defineComponent, h, ref } from 'vue'
import type { App, Component } from 'vue'
import { createMemoryHistory, createRouter } from 'vue-router'
import type {
  CandidateDetails,
  CandidateIntervals,
  CandidatePredictions,
  CandidateRow,
  ExportResult,
  FineTuneStatus,
  GenerationRow,
  OwnPicture,
  OwnPictureAnswer,
  PreviewSample,
  RunDetails,
  RunEvent,
  RunSummary,
} from '../../../../src-main/contract/index.ts'
import { sampleIntervals } from './sample-run.ts'
import { ENGINE } from '../../../../src-renderer/api/engine.ts'
import type { Engine, TokenOutcome } from '../../../../src-renderer/api/engine.ts'
import { provideToken } from '../../../../src-renderer/composables/use-token.ts'

/** What a fake engine answers; tests change it as they go. */
export interface FakeState {
  runs: readonly RunSummary[]
  details: RunDetails | null
  candidates: readonly CandidateRow[]
  generations: readonly GenerationRow[]
  intervals: Readonly<Record<'search' | 'report', CandidateIntervals>>
  samples: readonly PreviewSample[]
  predictions: CandidatePredictions | null
  genotype: CandidateDetails | null
  fineTune: FineTuneStatus
  pictures: readonly OwnPicture[]
  /** Both throw to refuse. */
  takePicture: (runId: string, name: string, content: Blob) => OwnPicture
  answerPicture: (question: unknown) => OwnPictureAnswer
  /** Throws to refuse. */
  exported: () => ExportResult
  asksForToken: boolean
  tokenOutcome: (token: string) => TokenOutcome
}

export interface FakeEngine {
  readonly engine: Engine
  readonly state: FakeState
  /** Names of the calls so far, in order. */
  readonly calls: string[]
  /** Hands an event to every subscription. */
  emit(event: RunEvent): void
}

/** An engine of thirty lines: answers from its state, remembers its calls, sends events on demand. */
export function createFakeEngine(): FakeEngine {
  const state: FakeState = {
    runs: [],
    details: null,
    candidates: [],
    generations: [],
    intervals: { search: sampleIntervals('search', []), report: sampleIntervals('report', []) },
    samples: [],
    predictions: null,
    genotype: null,
    fineTune: { running: null, error: null, result: null },
    pictures: [],
    takePicture: () => {
      throw new Error('fake engine: takes no picture')
    },
    answerPicture: () => {
      throw new Error('fake engine: answers no picture')
    },
    exported: () => {
      throw new Error('fake engine: nothing to export')
    },
    asksForToken: true,
    tokenOutcome: () => 'taken',
  }
  const calls: string[] = []
  const listeners = new Set<(event: RunEvent) => void>()
  const answer = <T>(name: string, make: () => T) => {
    const call = (): Promise<T> => {
      calls.push(name)
      return Promise.resolve().then(make)
    }
    return { query: call, mutate: call }
  }
  const summary = (changes: Partial<RunSummary>): RunSummary => {
    const [first] = state.runs
    if (first === undefined) {
      throw new Error('fake engine: no run')
    }
    state.runs = [{ ...first, ...changes }]
    return { ...first, ...changes }
  }
  const fake = {
    runs: {
      list: answer('runs.list', () => state.runs),
      get: answer('runs.get', () => state.details),
      metrics: answer('runs.metrics', () => ({ points: [], panels: [] })),
      log: answer('runs.log', () => []),
      start: answer('runs.start', () => summary({ status: 'queued' })),
      stop: answer('runs.stop', () => summary({ status: 'stopped' })),
      resume: answer('runs.resume', () => summary({ status: 'queued' })),
      delete: answer('runs.delete', () => undefined),
      events: {
        subscribe: (
          _: unknown,
          { onData }: { onData: (message: { id: string; data: RunEvent }) => void },
        ) => {
          const listener = (data: RunEvent): void => {
            onData({ id: String(data.seq), data })
          }
          listeners.add(listener)
          return { unsubscribe: () => listeners.delete(listener) }
        },
      },
    },
    candidates: {
      list: answer('candidates.list', () => ({ rows: state.candidates, generations: state.generations })),
      get: answer('candidates.get', () => state.genotype),
      intervals: {
        query: ({ split }: { split: 'search' | 'report' }) => {
          calls.push('candidates.intervals')
          return Promise.resolve(state.intervals[split])
        },
      },
      predict: answer('candidates.predict', () => state.predictions),
      export: answer('candidates.export', () => state.exported()),
      fineTuning: answer('candidates.fineTuning', () => state.fineTune),
      fineTune: answer('candidates.fineTune', () => state.fineTune),
      stopFineTuning: answer('candidates.stopFineTuning', () => state.fineTune),
    },
    pictures: {
      list: answer('pictures.list', () => state.pictures),
      predict: {
        mutate: (question: unknown) => {
          calls.push('pictures.predict')
          return Promise.resolve().then(() => state.answerPicture(question))
        },
      },
      remove: answer('pictures.remove', () => undefined),
    },
    preview: { samples: answer('preview.samples', () => state.samples) },
  }
  const engine: Engine = {
    // Only the procedures above are asked for in these tests.
    calls: fake as unknown as Engine['calls'],
    isAdmitted: () => Promise.resolve(true),
    get asksForToken() {
      return state.asksForToken
    },
    tryToken: (token) => Promise.resolve(state.tokenOutcome(token)),
    sendPicture: (runId, name, content) => {
      calls.push(`POST ${name}`)
      return Promise.resolve().then(() => state.takePicture(runId, name, content))
    },
    fetchFile: (path) => {
      calls.push(`GET ${path}`)
      return Promise.resolve(new Blob([Uint8Array.of(0, 1, 2)]))
    },
  }
  return {
    engine,
    state,
    calls,
    emit: (event) => {
      for (const listener of listeners) {
        listener(event)
      }
    },
  }
}

export interface Mounted {
  readonly app: App
  readonly pinia: Pinia
  readonly root: HTMLElement
}

/** Mounts a component with everything that the window provides. */
export function mountWith(
  engine: Engine,
  component: Component,
  props: Record<string, unknown> = {},
): Mounted {
  const root = document.createElement('div')
  document.body.append(root)
  const pinia = createPinia()
  const Host = defineComponent(() => {
    provideToken(ref(() => '#112233'))
    return () => h(component, props)
  })
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [{ path: '/:rest(.*)*', component: {} }],
  })
  const app = createApp(Host).use(pinia).use(router).provide(ENGINE, engine)
  app.mount(root)
  return { app, pinia, root }
}

/** Lets promises and watchers that are under way come to their end. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 0))
  }
}
