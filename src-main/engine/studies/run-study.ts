import { join } from 'node:path'
import { EngineError } from '../../contract/index.ts'
import type { DatasetFacts, RunConfig, RunRequest } from '../../contract/index.ts'
import { listDataPaths, prepareDataFolder } from '../../store/data-folder.ts'
import { freezeConfig } from '../configure/freeze-config.ts'
import { findPreset, loadPresets } from '../configure/presets.ts'
import { countOutputs, requireSetup } from '../configure/search-setup.ts'
import type { Executor } from '../executors/executor.ts'
import { INTERACTIVE_LANE } from '../pipeline/run-context.ts'
import { studyEvolution } from './evolution-study.ts'
import { studyFusion } from './fusion-study.ts'
import { studyRank } from './rank-study.ts'
import { studyRecalibration } from './recalibration-study.ts'
import { studySampling } from './sampling-study.ts'
import { createStudyBench } from './study-bench.ts'
import type { StudyProgress } from './study-bench.ts'
import { budgetOverrides, STUDY_COUNTS } from './study-budget.ts'
import type { StudyBudget } from './study-budget.ts'
import type { StudyContext, StudyName, StudyReport, StudyResult } from './study.types.ts'

export interface StudyRequest {
  readonly study: StudyName
  readonly seeds: readonly number[]
  readonly budget: StudyBudget
  readonly rival: StudyContext['rival']
  /** Null: the small one of the dataset's task. */
  readonly preset: string | null
  /** Folder of a real dataset; null: drawn data. */
  readonly datasetFolder: string | null
  /** As in a run request, laid over preset and budget. */
  readonly overrides: RunRequest['overrides']
  /** As the user would type it again. */
  readonly command: string
}

export interface StudySurroundings {
  readonly executor: Executor
  readonly dataFolder: string
  readonly presetsFolder: string
  readonly codeVersion: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: StudyProgress) => void
  /** Milliseconds on any clock. */
  readonly now: () => number
}

interface Study {
  readonly claim: string
  readonly run: (context: StudyContext) => Promise<StudyResult>
}

export const STUDIES: Readonly<Record<StudyName, Study>> = {
  sampling: {
    claim:
      'Grouped sampling trains a better super-network than its rival with the same work, most of all at both ends of cost.',
    run: studySampling,
  },
  rank: { claim: 'Inherited scores rank architectures as training each alone does.', run: studyRank },
  fusion: { claim: 'Fusing branches early and often is worth more than it costs.', run: studyFusion },
  evolution: {
    claim: 'Evolution finds a better front than random search with as many scored candidates.',
    run: studyEvolution,
  },
  recalibration: {
    claim: 'Without recalibrated batch-norm statistics inherited scores are useless.',
    run: studyRecalibration,
  },
}

const DEFAULT_PRESETS = {
  pose: 'micro-pose',
  segmentation: 'micro-seg',
  'bottom-up-pose': 'micro-bottom-up',
} as const

/**
 * Trains and measures what a study asks for. Networks that an earlier study of the same configuration trained below the data folder
 * are used again, and a stopped study goes on from its checkpoints.
 *
 * @throws EngineError BAD_REQUEST or DATASET before anything is trained; STOPPED after a checkpoint.
 */
export async function runStudy(request: StudyRequest, surroundings: StudySurroundings): Promise<StudyReport> {
  const { executor, signal, onProgress, codeVersion, now } = surroundings
  const startedAt = now()
  const paths = listDataPaths(surroundings.dataFolder)
  await prepareDataFolder(paths)
  const facts = await inspectDataset(request.datasetFolder, surroundings)
  const config = await chooseConfig(request, facts, surroundings.presetsFolder)
  const bench = createStudyBench({
    ...{ executor, config, signal, onProgress, codeVersion },
    setup: requireSetup(config, countOutputs(config, facts)),
    studiesFolder: join(paths.root, 'studies'),
    cacheFolder: paths.cache,
  })
  const { study, seeds, budget, rival, command } = request
  const counts = STUDY_COUNTS[budget]
  const { claim, run } = STUDIES[study]
  const result = await run({ bench, counts, seeds, rival })
  return {
    ...{ study, claim, command, codeVersion, budget, counts, seeds, ...result },
    preset: config.preset,
    protocols: bench.protocols(),
    config,
    seconds: (now() - startedAt) / 1000,
  }
}

async function inspectDataset(
  folder: string | null,
  { executor, signal }: StudySurroundings,
): Promise<DatasetFacts | null> {
  if (folder === null) {
    return null
  }
  const job = { kind: 'inspect-dataset', path: folder, format: null } as const
  const { dataset } = await executor.runJob(job, {
    ...{ lane: INTERACTIVE_LANE, threads: 1, backend: 'auto', logFolder: null, signal },
    onEvent: () => undefined,
  })
  await executor.release([INTERACTIVE_LANE])
  return dataset
}

async function chooseConfig(
  { preset: asked, budget, overrides, datasetFolder }: StudyRequest,
  facts: DatasetFacts | null,
  presetsFolder: string,
): Promise<RunConfig> {
  const presets = await loadPresets(presetsFolder)
  const preset = findPreset(presets, asked ?? DEFAULT_PRESETS[facts?.task ?? 'pose'])
  if (facts !== null && facts.task !== preset.config.task) {
    throw new EngineError(
      'BAD_REQUEST',
      `"${facts.name}" is for ${facts.task}, the preset ${preset.name} for ${preset.config.task}.`,
    )
  }
  const dataset =
    facts === null || datasetFolder === null
      ? {}
      : { 'dataset.source': facts.format, 'dataset.path': facts.path ?? datasetFolder }
  return freezeConfig(presets, {
    preset: preset.name,
    overrides: { ...budgetOverrides(budget, preset.config), ...dataset, ...overrides },
  })
}
