import { availableParallelism, freemem, totalmem } from 'node:os'
import { describeRefusal, EngineError } from '../../contract/index.ts'
import type {
  BackendFacts,
  Preset,
  PublishedResults,
  SpaceWait,
  SystemStatus,
  WorkerReady,
} from '../../contract/index.ts'
import { measureDisk } from '../../store/data-folder.ts'
import type { Store } from '../../store/store.ts'
import { repeatCalibrations } from '../calibration/repeat-calibration.ts'
import type { EngineParts } from '../pipeline/run-context.ts'
import type { Scheduler } from '../pipeline/scheduler.ts'
import { runDoctor } from './doctor.ts'
import type { PresetsService, PublishedService, SystemService } from './engine-services.ts'

const BACKEND_SETTING = 'backend'

export interface SystemServiceParts extends EngineParts {
  readonly scheduler: Scheduler
  readonly presets: readonly Preset[]
  readonly startedAt: number
  readonly listening: () => SystemStatus['listening']
  readonly renewToken: () => void
}

export function createSystemService(parts: SystemServiceParts): SystemService {
  const { store, scheduler, codeVersion, startedAt, listening, renewToken } = parts
  return {
    async status() {
      const { free, total } = await measureDisk(store.paths.root)
      return {
        version: codeVersion,
        dataFolder: store.paths.root,
        freeDiskBytes: free,
        totalDiskBytes: total,
        cores: availableParallelism(),
        totalMemoryBytes: totalmem(),
        freeMemoryBytes: freemem(),
        backend: readBackend(store),
        runningRunIds: scheduler.runningIds,
        waitsForSpace: scheduler.idsWaitingForSpace.map((runId) => describeWait(store, runId, free)),
        startedAt,
        listening: listening(),
      }
    },
    doctor: () => runDoctor(parts),
    async calibrate(networks) {
      const [busy] = scheduler.runningIds
      if (busy !== undefined) {
        throw new EngineError(
          'CONFLICT',
          `Run ${busy} is at work, so times would say nothing; calibrate when it has ended.`,
        )
      }
      return repeatCalibrations(parts, parts.presets, networks)
    },
    async renewToken() {
      renewToken()
      await Promise.resolve()
    },
  }
}

export function createPresetsService(presets: readonly Preset[]): PresetsService {
  return { list: () => Promise.resolve(presets) }
}

export function createPublishedService(published: PublishedResults): PublishedService {
  return { list: () => Promise.resolve(published) }
}

/** What the last worker said about itself; it outlives the engine so that the status bar is not empty after a start. */
export function rememberBackend(store: Store, facts: WorkerReady): void {
  const { backend, backendVersion, device, refused } = facts
  const remembered: BackendFacts = {
    name: backend,
    version: backendVersion,
    device,
    hasGpu: /gpu|cuda/i.test(`${backend} ${device}`),
    refused: refused.map(describeRefusal),
  }
  store.settings.set(BACKEND_SETTING, remembered)
}

/** What a ledger may take at once, with its log. */
const LEDGER_BYTES = 4 * 2 ** 20

function describeWait(store: Store, runId: string, freeBytes: number): SpaceWait {
  const checkpoint = store.checkpoints.list(runId).at(-1)?.bytes ?? 0
  return { runId, freeBytes, neededBytes: checkpoint + LEDGER_BYTES }
}

function readBackend(store: Store): BackendFacts | null {
  return store.settings.find(BACKEND_SETTING) as BackendFacts | null
}
