import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Preset, RunRequest, RunStatus } from '../../src-main/contract/index.ts'
import { freezeConfig } from '../../src-main/engine/configure/freeze-config.ts'
import { loadPresets } from '../../src-main/engine/configure/presets.ts'
import { EventHub } from '../../src-main/engine/events/event-hub.ts'
import type { Executor } from '../../src-main/engine/executors/executor.ts'
import type { EngineParts } from '../../src-main/engine/pipeline/run-context.ts'
import { Scheduler } from '../../src-main/engine/pipeline/scheduler.ts'
import { listDataPaths, prepareDataFolder } from '../../src-main/store/data-folder.ts'
import { openStore } from '../../src-main/store/store.ts'
import type { Store } from '../../src-main/store/store.ts'

export const PRESETS_FOLDER = join(import.meta.dirname, '../../resources/presets')
export const RESOURCES_FOLDER = new URL('../../resources/', import.meta.url)

/** Small enough for milliseconds: 18 starts and two generations of 5. */
export const SMALL_SEARCH = {
  'search.initial': 15,
  'search.generations': 2,
  'search.perGeneration': 5,
  'search.workers': 2,
} as const satisfies RunRequest['overrides']

export function createTemporaryFolder(): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'scalenas-test-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

export async function openTestStore(folder: string): Promise<Store> {
  const paths = listDataPaths(folder)
  await prepareDataFolder(paths)
  return openStore(paths)
}

export interface EngineCore extends EngineParts {
  readonly scheduler: Scheduler
}

/** The engine without its server. */
export function createCore(store: Store, executor: Executor): EngineCore {
  const hub = new EventHub(store, {
    onWriteError: (_runId, thrown) => {
      throw thrown
    },
  })
  const parts: EngineParts = { store, hub, executor, codeVersion: 'test', now: Date.now }
  return { ...parts, scheduler: new Scheduler(parts) }
}

let presets: Promise<readonly Preset[]> | null = null

export function readPresets(): Promise<readonly Preset[]> {
  presets ??= loadPresets(PRESETS_FOLDER)
  return presets
}

export async function insertRun(
  store: Store,
  id: string,
  overrides: RunRequest['overrides'] = SMALL_SEARCH,
): Promise<void> {
  const config = freezeConfig(await readPresets(), { preset: 'micro-pose', overrides })
  store.runs.insert({
    id,
    name: id,
    config,
    createdAt: Date.now(),
    datasetName: 'drawn',
    metricName: 'PCK@0.2',
  })
}

const ENDED: readonly RunStatus[] = ['completed', 'failed', 'stopped', 'interrupted']

/** Waits until the run has ended; @throws Error after `timeoutMs`. */
export async function waitForEnd(store: Store, id: string, timeoutMs = 20_000): Promise<RunStatus> {
  const end = Date.now() + timeoutMs
  while (Date.now() < end) {
    const status = store.runs.find(id)?.status
    if (status !== undefined && ENDED.includes(status)) {
      return status
    }
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`run ${id} did not end, it is ${JSON.stringify(store.runs.summary(id))}`)
}

/** What must not depend on who was killed when: the ledger without times and attempts. */
export function readLedger(store: Store, id: string) {
  return store.candidates
    .rows(id)
    .map(({ id: candidateId, number, generation, state, genotypeId, macs, accuracy, origin }) => ({
      ...{ number, generation, state, genotypeId, macs, accuracy },
      pictures: store.pictureResults.find({ runId: id, candidateId, split: 'search' }),
      origin: { ...origin, parents: origin.parents.map((parent) => parent.split(':')[1]) },
    }))
}
