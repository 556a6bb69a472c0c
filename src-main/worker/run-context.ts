import type { Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import { EngineError } from '../contract/index.ts'
import type { RunConfig } from '../contract/index.ts'
import { openBatchLoader } from '../datasets/batch-loader.ts'
import { iterationsPerEpoch } from '../datasets/batch-order.ts'
import type { Dataset, SceneDataset, SceneSample } from '../datasets/dataset.ts'
import { openDataset } from '../datasets/open-dataset.ts'
import { prepareScenes, type PreparedScene } from '../datasets/prepared-scenes.ts'
import { requireBottomUp } from '../datasets/require-bottom-up.ts'
import { countClassPixels } from '../datasets/segmentation-batch.ts'
import { trainingInputSize } from '../datasets/training-input-size.ts'
import { describeShapeProblem, planNetwork } from '../nas/network-plan.ts'
import type { NetworkPlan, NetworkShape } from '../nas/network-plan.types.ts'
import { createSearchSpace } from '../nas/search-space.ts'
import type { SearchSpace } from '../nas/search-space.ts'
import type { Genotype } from '../nas/genotype.ts'
import { createBottomUpTask } from '../tasks/bottom-up-task.ts'
import { createPoseTask } from '../tasks/pose-task.ts'
import { createSegmentationTask } from '../tasks/segmentation-task.ts'
import type { ScoringSet, Task } from '../tasks/task.ts'
import { CITYSCAPES_CLASS_WEIGHTS } from '../vision/segmentation/cityscapes-class-weights.ts'
import { balancedClassWeights } from '../vision/segmentation/most-frequent-class.ts'
import { openScoredPictures, openScoring, type PictureThreadsChoice } from './open-scoring.ts'
import { pictureMemory } from './picture-memory.ts'

/** Everything a job of a run needs besides weights; opened once per worker and run. */
export interface RunContext {
  readonly config: RunConfig
  readonly kernels: Kernels
  readonly dataset: Dataset
  readonly space: SearchSpace
  readonly shape: NetworkShape
  readonly task: Task
  plan(genotype: Genotype): NetworkPlan
  /** Images of a split; `limit` bounds their number further than the configuration does. */
  scoring(split: 'search' | 'report', limit?: number): ScoringSet
  /** The fixed training batches of method.md 6.1 on the device. */
  recalibrationBatches(): Promise<readonly Value[]>
  iterations(phase: 'teacher' | 'supernet'): { readonly perEpoch: number; readonly total: number }
  dispose(): void
}

export interface RunContextOptions {
  /** Folder for what was found out about pictures; absent: every picture is looked at again. */
  readonly cacheFolder?: string | null
  /** Threads that decode what is scored and finds no room in memory; absent: the caller's own does. Scores do not depend on it. */
  readonly pictureThreads?: PictureThreadsChoice | null
  /** Memory for decoded pictures that are scored again and again; absent: what the configuration says. Scores do not depend on it. */
  readonly keptPictureBytes?: number
}

/** @throws EngineError DATASET or BAD_REQUEST naming what does not fit. */
export async function openRunContext(
  config: RunConfig,
  kernels: Kernels,
  options: RunContextOptions = {},
): Promise<RunContext> {
  const { cacheFolder = null, pictureThreads = null, keptPictureBytes } = options
  const dataset = await openDataset(config.dataset, config.task, config.seed, { cacheFolder })
  const space = createSearchSpace({ task: config.task, ...config.space })
  const shape: NetworkShape = { task: config.task, ...config.network, outputs: outputsOf(dataset) }
  const problem = describeShapeProblem(space, shape)
  if (problem !== null) {
    throw new EngineError('BAD_REQUEST', problem)
  }
  const task = await createTask(config, dataset)
  const scoringSets = new Map<string, ScoringSet>()
  const pictures = openScoredPictures(config, dataset, {
    threads: pictureThreads,
    keptBytes: keptPictureBytes ?? pictureMemory(config.compute),
  })
  let recalibration: Promise<readonly Value[]> | null = null
  return {
    config,
    kernels,
    dataset,
    space,
    shape,
    task,
    plan: (genotype) => planNetwork(space, shape, genotype),
    scoring(split, limit = Number.POSITIVE_INFINITY) {
      const most = Math.min(
        limit,
        split === 'search' ? config.dataset.searchLimit : config.dataset.reportLimit,
      )
      const key = `${split}/${most}`
      const known = scoringSets.get(key) ?? openScoring(pictures, split, most)
      scoringSets.set(key, known)
      return known
    },
    recalibrationBatches() {
      recalibration ??= loadRecalibrationBatches(config, dataset, kernels)
      return recalibration
    },
    iterations(phase) {
      const { epochs, batch } = config[phase]
      const perEpoch = iterationsPerEpoch(dataset.splits.train.length, batch)
      return { perEpoch, total: Math.max(1, Math.round(epochs * perEpoch)) }
    },
    dispose() {
      void pictures.close()
      void recalibration?.then((batches) => {
        for (const { handle } of batches) {
          kernels.release(handle)
        }
      })
    },
  }
}

/** Seed of the recalibration draws: fixed per run, apart from those of training. */
export function recalibrationSeed(config: RunConfig): number {
  return (config.seed + RECALIBRATION_SEED_OFFSET) % 2 ** 31
}
const RECALIBRATION_SEED_OFFSET = 0x2ca1ab1e

function outputsOf(dataset: Dataset): number {
  return dataset.kind === 'segmentation' ? dataset.classes.names.length : dataset.skeleton.joints.length
}

async function createTask(config: RunConfig, dataset: Dataset): Promise<Task> {
  if (dataset.kind === 'pose') {
    return createPoseTask(dataset.skeleton.joints.length, config.network, config.pose.metric)
  }
  if (dataset.kind === 'bottom-up-pose') {
    const joints = dataset.skeleton.joints.length
    return createBottomUpTask({ joints, network: config.network, config: requireBottomUp(config) })
  }
  return createSegmentationTask({
    classes: dataset.classes.names.length,
    ignoreLabel: dataset.classes.ignoreLabel,
    network: trainingInputSize(config),
    config: config.segmentation,
    classWeights: await chooseClassWeights(config.segmentation.classWeights, dataset),
  })
}

async function chooseClassWeights(
  choice: RunConfig['segmentation']['classWeights'],
  dataset: Extract<Dataset, { readonly kind: 'segmentation' }>,
): Promise<readonly number[] | null> {
  switch (choice) {
    case 'none':
      return null
    case 'balanced':
      return balancedClassWeights(await countClassPixels(dataset, dataset.splits.train))
    case 'cityscapes': {
      const given = dataset.classes.names.length
      if (given !== CITYSCAPES_CLASS_WEIGHTS.length) {
        throw new EngineError(
          'BAD_REQUEST',
          `segmentation.classWeights: "cityscapes" has ${CITYSCAPES_CLASS_WEIGHTS.length} weights, this dataset ${given} classes; choose "none" or "balanced".`,
        )
      }
      return CITYSCAPES_CLASS_WEIGHTS
    }
    default:
      return choice satisfies never
  }
}

/** Pictures at the scales of the run. */
export function prepareRunScenes(
  config: RunConfig,
  dataset: SceneDataset,
  samples: readonly SceneSample[],
): Promise<readonly PreparedScene[]> {
  return prepareScenes(dataset, samples, config.network.inputHeight, requireBottomUp(config).scales)
}

async function loadRecalibrationBatches(
  config: RunConfig,
  dataset: Dataset,
  kernels: Kernels,
): Promise<readonly Value[]> {
  const { recalibrationBatches, recalibrationBatchSize } = config.search
  const { inputHeight, inputWidth } = trainingInputSize(config)
  const loader = openBatchLoader({
    config,
    dataset,
    threadUrl: null,
    batch: recalibrationBatchSize,
    seed: recalibrationSeed(config),
  })
  try {
    const batches: Value[] = []
    for (let i = 0; i < recalibrationBatches; i++) {
      const { input, size } = await loader.next()
      const shape = [size, inputHeight, inputWidth, 3]
      batches.push({ handle: kernels.upload(input, shape), shape })
    }
    return batches
  } finally {
    await loader.close()
  }
}
