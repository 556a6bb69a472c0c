import { createTRPCClient, createWSClient, TRPCClientError, wsLink } from '@trpc/client'
import { EngineError, fromErrorInfo } from '../contract/index.ts'
import type { ErrorInfo, RunEvent } from '../contract/index.ts'
import type { AppRouter } from '../engine/routers/app-router.ts'
import type { EngineServices, EventsQuery } from '../engine/services/engine-services.ts'

export interface RemoteEngine {
  readonly services: EngineServices
  close(): Promise<void>
}

/** A function is asked at each connection, so that a command outlives `scalenas token --renew`. */
export interface ReachableEngine {
  readonly url: string
  readonly token: string | (() => string)
}

/** A restart of the desktop's engine takes a second or two; after this long it is gone. */
const LOST_AFTER_MS = 10_000

/** The services of an engine in another process; errors come out as the EngineErrors they were there. */
export function connectServices(
  { url, token }: ReachableEngine,
  lostAfterMs: number = LOST_AFTER_MS,
): RemoteEngine {
  const loss = watchLoss(lostAfterMs)
  const socket = createWSClient({
    url: `${url.replace(/^http/, 'ws')}/trpc`,
    connectionParams: () => ({ token: typeof token === 'string' ? token : token() }),
    onOpen: loss.onOpen,
    onClose: loss.onClose,
  })
  const client = createTRPCClient<AppRouter>({ links: [wsLink({ client: socket })] })
  return {
    services: servicesOf(client, loss.lost),
    async close() {
      loss.end()
      await socket.close()
    },
  }
}

/** @param lost - Rejects when the engine is gone; calls then fail instead of waiting for ever. */
function servicesOf(
  client: ReturnType<typeof createTRPCClient<AppRouter>>,
  lost: Promise<never>,
): EngineServices {
  const ask = <T>(call: Promise<T>): Promise<T> => askUnlessLost(call, lost)
  const { system, presets, published, datasets, runs, candidates, preview, pictures } = client
  return {
    system: {
      status: () => ask(system.status.query()),
      doctor: () => ask(system.doctor.query()),
      calibrate: (networks) => ask(system.calibrate.mutate({ networks: [...networks] })),
      renewToken: () => ask(system.renewToken.mutate()),
    },
    presets: { list: () => ask(presets.list.query()) },
    published: { list: () => ask(published.list.query()) },
    datasets: {
      list: () => ask(datasets.list.query()),
      inspect: (folder) => ask(datasets.inspect.mutate(folder)),
      add: (folder) => ask(datasets.add.mutate(folder)),
      remove: (id) => ask(datasets.remove.mutate({ id })),
    },
    runs: {
      list: () => ask(runs.list.query()),
      get: (id) => ask(runs.get.query({ id })),
      preflight: (request) => ask(runs.preflight.mutate(request)),
      estimate: (request) => ask(runs.estimate.query(request)),
      start: (request) => ask(runs.start.mutate(request)),
      import: (request) => ask(runs.import.mutate(request)),
      stop: (id) => ask(runs.stop.mutate({ id })),
      resume: (id) => ask(runs.resume.mutate({ id })),
      rename: (id, name) => ask(runs.rename.mutate({ id, name })),
      pin: (id, pinned) => ask(runs.pin.mutate({ id, pinned })),
      delete: (id) => ask(runs.delete.mutate({ id })),
      metrics: (id, query) => ask(runs.metrics.query({ id, ...query })),
      log: (id, limit) => ask(runs.log.query({ id, limit })),
      events: (query) => listen(client, query, lost),
    },
    candidates: {
      list: (runId) => ask(candidates.list.query({ runId })),
      get: (id) => ask(candidates.get.query({ id })),
      intervals: (runId, split) => ask(candidates.intervals.query({ runId, split })),
      predict: (id, sampleIds) => ask(candidates.predict.mutate({ id, sampleIds: [...sampleIds] })),
      export: (request) => ask(candidates.export.mutate(request)),
      fineTune: (request) => ask(candidates.fineTune.mutate(request)),
      fineTuning: (id) => ask(candidates.fineTuning.query({ id })),
      stopFineTuning: (id) => ask(candidates.stopFineTuning.mutate({ id })),
    },
    preview: { samples: (runId) => ask(preview.samples.query({ runId })) },
    pictures: {
      list: (runId) => ask(pictures.list.query({ runId })),
      predict: ({ candidateId, pictureId, box }) =>
        ask(pictures.predict.mutate({ candidateId, pictureId, box: box === null ? null : [...box] })),
      remove: (runId, pictureId) => ask(pictures.remove.mutate({ runId, pictureId })),
    },
  }
}

interface Loss {
  /** Rejects when the connection is closed and does not come back; never resolves. */
  readonly lost: Promise<never>
  readonly onOpen: () => void
  readonly onClose: () => void
  readonly end: () => void
}

/** The socket reconnects for ever by itself, and calls would wait for ever with it. */
function watchLoss(lostAfterMs: number): Loss {
  const { promise: lost, reject } = Promise.withResolvers<never>()
  // Without a call under way nobody has to know.
  lost.catch(() => undefined)
  let timer: NodeJS.Timeout | undefined
  let hasEnded = false
  return {
    lost,
    onOpen() {
      clearTimeout(timer)
      timer = undefined
    },
    // Every vain attempt to reconnect closes again; the first one counts.
    onClose() {
      if (!hasEnded) {
        timer ??= setTimeout(() => {
          reject(new EngineError('INTERNAL', 'The engine is gone: its process ended or cannot be reached.'))
        }, lostAfterMs)
      }
    },
    end() {
      hasEnded = true
      clearTimeout(timer)
    },
  }
}

async function askUnlessLost<T>(call: Promise<T>, lost: Promise<never>): Promise<T> {
  try {
    return await Promise.race([call, lost])
  } catch (thrown) {
    throw toRemoteError(thrown)
  }
}

function toRemoteError(thrown: unknown): Error {
  if (thrown instanceof TRPCClientError) {
    const data: unknown = thrown.data
    const info = typeof data === 'object' && data !== null && 'info' in data ? data.info : null
    // The router's error formatter puts an ErrorInfo there; without one the connection itself failed.
    return info === null
      ? new EngineError('INTERNAL', `The engine cannot be reached: ${thrown.message}`)
      : fromErrorInfo(info as ErrorInfo)
  }
  return thrown instanceof Error ? thrown : new EngineError('INTERNAL', String(thrown))
}

/** A subscription as a loop: events queue up while the loop is busy. */
async function* listen(
  client: ReturnType<typeof createTRPCClient<AppRouter>>,
  { runId, afterSeq, signal }: EventsQuery,
  lost: Promise<never>,
): AsyncGenerator<RunEvent> {
  const queue: RunEvent[] = []
  const failures: Error[] = []
  let wake: () => void = () => undefined
  const lastEventId = afterSeq === null ? null : String(afterSeq)
  const subscription = client.runs.events.subscribe(
    { runId, lastEventId },
    {
      onData: (event) => {
        queue.push(event.data)
        wake()
      },
      onError: (error) => {
        failures.push(toRemoteError(error))
        wake()
      },
    },
  )
  lost.catch((thrown: unknown) => {
    failures.push(toRemoteError(thrown))
    wake()
  })
  const wakeOnAbort = (): void => wake()
  signal.addEventListener('abort', wakeOnAbort)
  try {
    while (!signal.aborted) {
      const event = queue.shift()
      if (event !== undefined) {
        yield event
      } else if (failures[0] !== undefined) {
        throw failures[0]
      } else {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    }
  } finally {
    signal.removeEventListener('abort', wakeOnAbort)
    subscription.unsubscribe()
  }
}
