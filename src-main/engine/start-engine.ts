import { fileURLToPath } from 'node:url'
import type { EngineError } from '../contract/index.ts'
import { keepDailyCopies } from '../store/daily-copies.ts'
import { listDataPaths, prepareDataFolder } from '../store/data-folder.ts'
import { acquireEngineLock } from '../store/engine-lock.ts'
import type { EngineLock } from '../store/engine-lock.ts'
import { openStore } from '../store/store.ts'
import type { Store } from '../store/store.ts'
import { sweepStrays } from '../store/sweep-strays.ts'
import { toEngineError } from '../store/storage-error.ts'
import { loadConfigSources } from './configure/config-sources.ts'
import { loadPresets } from './configure/presets.ts'
import { loadPublished } from './configure/published.ts'
import { EventHub } from './events/event-hub.ts'
import type { Executor } from './executors/executor.ts'
import { LocalExecutor } from './executors/local-executor.ts'
import type { EngineParts } from './pipeline/run-context.ts'
import { recoverRuns, Scheduler } from './pipeline/scheduler.ts'
import { createDoor } from './server/door.ts'
import { listen } from './server/listen.ts'
import { createCandidatesService, createPreviewService } from './services/candidates-service.ts'
import { createDatasetsService } from './services/datasets-service.ts'
import type { EngineServices } from './services/engine-services.ts'
import { addPicture, createPicturesService } from './services/pictures-service.ts'
import { createFineTuning } from './services/fine-tuning.ts'
import { createRunsService } from './services/runs-service.ts'
import {
  createPresetsService,
  createPublishedService,
  createSystemService,
  rememberBackend,
} from './services/system-service.ts'

export interface EngineOptions {
  readonly dataFolder: string
  /** Loopback unless something else is asked for. */
  readonly host?: string
  /** 0 or absent: any free one. */
  readonly port?: number
  /** That of the data folder unless given; one that is given is not kept. */
  readonly token?: string
  /** Called with each new token; open connections are closed after it. */
  readonly onTokenRenewed?: (token: string) => void
  readonly workerEntry: URL
  /** Holds presets/*.json. */
  readonly resourcesFolder: URL
  /** The built web UI; null or absent on disk: none. */
  readonly rendererFolder: URL | null
  readonly codeVersion: string
  /** Page of a development server that may connect. */
  readonly devOrigin?: string | null
  /** Whether runs that were waiting when the last engine ended go on waiting here; default true. */
  readonly startsWaitingRuns?: boolean
  /** New runs measure how to use the cores (docs/performance.md); default true. False chooses by the number of cores. */
  readonly calibrates?: boolean
  /** Other than child processes of this machine, and for tests. */
  readonly executor?: Executor
}

export interface Engine {
  /** http://host:port */
  readonly url: string
  readonly token: string
  readonly services: EngineServices
  /** Ends the run at work after a checkpoint, then everything else. */
  close(): Promise<void>
}

/**
 * Composition root: takes the data folder, opens the database, and answers on one address.
 * @throws EngineError CONFLICT when another engine has the folder, STORAGE or MISSING_PART when it cannot be used here.
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const paths = listDataPaths(options.dataFolder)
  await prepareDataFolder(paths)
  const lock = acquireEngineLock(paths)
  let store: Store | null = null
  try {
    store = await openStore(paths)
    tellStrays(sweepStrays(paths, Date.now()))
    return await composeEngine(options, store, lock)
  } catch (thrown) {
    store?.close()
    lock.release()
    throw toEngineError(thrown)
  }
}

/** Removing files without a word would hide what a crash had left. */
function tellStrays(paths: readonly string[]): void {
  if (paths.length > 0) {
    process.stderr.write(`Removed what an engine that ended had left unfinished: ${paths.join(', ')}\n`)
  }
}

async function composeEngine(options: EngineOptions, store: Store, lock: EngineLock): Promise<Engine> {
  const waiting = recoverRuns(store, Date.now)
  const presets = await loadPresets(fileURLToPath(new URL('presets/', options.resourcesFolder)))
  const sources = await loadConfigSources(
    fileURLToPath(new URL('sources.json', options.resourcesFolder)),
    presets,
  )
  const published = await loadPublished(fileURLToPath(new URL('published.json', options.resourcesFolder)))
  const { parts, scheduler } = createCore(options, store)
  const startedAt = Date.now()
  const { host = '127.0.0.1', port = 0, devOrigin = null, token, onTokenRenewed } = options
  const door = createDoor({ paths: store.paths, lock, token, host, port, devOrigin, onTokenRenewed })
  const fineTuning = createFineTuning(parts)
  const candidates = createCandidatesService(parts, fineTuning)
  const services: EngineServices = {
    system: createSystemService({ ...parts, scheduler, presets, startedAt, ...door }),
    presets: createPresetsService(presets),
    published: createPublishedService(published),
    datasets: createDatasetsService(parts),
    runs: createRunsService({ ...parts, scheduler, presets, sources, fineTuning }),
    candidates,
    preview: createPreviewService(parts),
    pictures: createPicturesService(parts, candidates),
  }
  const server = await listen({
    ...{ access: door.access, host, port, services },
    paths: store.paths,
    rendererFolder: options.rendererFolder === null ? null : fileURLToPath(options.rendererFolder),
    addPicture: (runId, name, content) => addPicture(parts, runId, name, content),
  })
  const copies = keepDailyCopies({
    paths: store.paths,
    hasRuns: () => store.runs.ids().length > 0,
    now: Date.now,
    warn: (message) => process.stderr.write(`${message}\n`),
  })
  door.open(server)
  if (options.startsWaitingRuns ?? true) {
    waiting.forEach((runId) => scheduler.enqueue(runId))
  }
  let closing: Promise<void> | null = null
  const close = async (): Promise<void> => {
    await scheduler.close()
    await parts.executor.close()
    await server.close()
    parts.hub.close()
    await copies.close()
    store.close()
    lock.release()
  }
  return {
    url: server.url,
    get token() {
      return door.access.token
    },
    services,
    close: () => (closing ??= close()),
  }
}

function createCore(options: EngineOptions, store: Store): { parts: EngineParts; scheduler: Scheduler } {
  const executor =
    options.executor ??
    new LocalExecutor({
      workerEntry: options.workerEntry,
      onWorkerReady: (facts) => rememberBackend(store, facts),
    })
  // The scheduler needs the hub and the hub tells the scheduler of a full disk; a first event comes after both are there.
  let interrupt: (runId: string, error: EngineError) => void = () => undefined
  const hub = new EventHub(store, {
    onWriteError: (runId, thrown) => interrupt(runId, toEngineError(thrown)),
  })
  const parts: EngineParts = {
    ...{ store, hub, executor, codeVersion: options.codeVersion, now: Date.now },
    calibrates:
      options.calibrates ?? (options.executor === undefined && process.env['SCALENAS_CALIBRATION'] !== 'off'),
  }
  const scheduler = new Scheduler(parts)
  interrupt = (runId, error) => scheduler.interrupt(runId, error)
  return { parts, scheduler }
}
