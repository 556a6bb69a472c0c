import type { Kernels } from '../compute/kernels.ts'
import type { Value } from '../compute/network-ops.ts'
import { EngineError } from '../contract/index.ts'
import type { RunConfig } from '../contract/index.ts'
import { openBatchLoader } from '../datasets/batch-loader.ts'
import { iterationsPerEpoch } from '../datasets/batch-order.ts'
import type { Dataset, SceneDataset, SceneSample } from '../datasets/dataset.ts'
import { openDataset } from '../datasets/open-dataset.ts'
import { requireBottomUp } from '../datasets/require-bottom-up.ts'
import { countClassPixels, loadSegmentationEvaluationItem } from '../datasets/segmentation-batch.ts'
import { trainingInputSize } from '../datasets/training-input-size.ts'
import { describeShapeProblem, planNetwork } from '../nas/network-plan.ts'
import type { NetworkPlan, NetworkShape } from '../nas/network-plan.types.ts'
import { createSearchSpace } from '../nas/search-space.ts'
import type { SearchSpace } from '../nas/search-space.ts'
import type { Genotype } from '../nas/genotype.ts'
import { createBottomUpTask } from '../tasks/bottom-up-task.ts'
import { chooseCrops } from '../tasks/choose-crops.ts'
import { KEPT_PICTURE_BYTES, PictureBudget, streamPictures } from '../tasks/pictures.ts'
import { createPoseScoring } from '../tasks/pose-scoring.ts'
import type { PoseProtocol } from '../tasks/pose-scoring.ts'
import { createPoseTask } from '../tasks/pose-task.ts'
import { prepareCrop, spreadOver } from '../tasks/prepared-crops.ts'
import type { SceneGeometry } from '../tasks/predict-scenes.ts'
import { planScene, prepareScene, prepareScenes, type PreparedScene } from '../tasks/prepared-scenes.ts'
import { createSceneScoring } from '../tasks/scene-scoring.ts'
import { createMultiScaleScoring, createSegmentationScoring } from '../tasks/segmentation-scoring.ts'
import { createSegmentationTask } from '../tasks/segmentation-task.ts'
import type { ScoringSet, Task } from '../tasks/task.ts'
import { CITYSCAPES_CLASS_WEIGHTS } from '../vision/segmentation/cityscapes-class-weights.ts'
import { balancedClassWeights } from '../vision/segmentation/most-frequent-class.ts'

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

/**
 * @param keptPictureBytes - Memory for decoded pictures that are scored again and again; scores do not depend on it.
 * @throws EngineError DATASET or BAD_REQUEST naming what does not fit.
 */
export async function openRunContext(
  config: RunConfig,
  kernels: Kernels,
  cacheFolder: string | null = null,
  keptPictureBytes = KEPT_PICTURE_BYTES,
): Promise<RunContext> {
  const dataset = await openDataset(config.dataset, config.task, config.seed, { cacheFolder })
  const space = createSearchSpace({ task: config.task, ...config.space })
  const shape: NetworkShape = { task: config.task, ...config.network, outputs: outputsOf(dataset) }
  const problem = describeShapeProblem(space, shape)
  if (problem !== null) {
    throw new EngineError('BAD_REQUEST', problem)
  }
  const task = await createTask(config, dataset)
  const scoringSets = new Map<string, ScoringSet>()
  const budget = new PictureBudget(keptPictureBytes)
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
      const known = scoringSets.get(key) ?? openScoring(dataset, split, most, { config, budget })
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

/** Null: answers of the report split come from the input alone. */
export function reportScales({ task, segmentation }: RunConfig): readonly number[] | null {
  return task === 'segmentation' ? (segmentation.reportScales ?? null) : null
}

export function poseMeasure({ pose, network }: RunConfig): Pick<PoseProtocol, 'metric' | 'aspect'> {
  return { metric: pose.metric ?? 'pck', aspect: network.inputWidth / network.inputHeight }
}

/** Pictures at the scales of the run. */
export function prepareRunScenes(
  config: RunConfig,
  dataset: SceneDataset,
  samples: readonly SceneSample[],
): Promise<readonly PreparedScene[]> {
  return prepareScenes(dataset, samples, config.network.inputHeight, requireBottomUp(config).scales)
}

export function sceneGeometry(config: RunConfig, { skeleton }: SceneDataset): SceneGeometry {
  return { skeleton, parsing: { ...requireBottomUp(config), refines: true } }
}

function openScoring(
  dataset: Dataset,
  split: 'search' | 'report',
  limit: number,
  { config, budget }: { readonly config: RunConfig; readonly budget: PictureBudget },
): ScoringSet {
  const { inputHeight, inputWidth } = config.network
  const inputBytes = inputHeight * inputWidth * BYTES_PER_PIXEL
  if (dataset.kind === 'pose') {
    const { crops, truth } = chooseCrops(dataset, split, limit)
    const { skeleton, ignored = [] } = dataset
    return createPoseScoring(
      streamPictures({
        ...{ known: crops, budget },
        bytesOf: () => inputBytes,
        decode: ({ sample }) => prepareCrop(dataset, sample, config),
      }),
      { skeleton, network: config.network },
      { ...poseMeasure(config), skeleton, ignored, truth },
    )
  }
  if (dataset.kind === 'bottom-up-pose') {
    const { scales } = requireBottomUp(config)
    const scenes = spreadOver(dataset.splits[split], limit)
    return createSceneScoring(
      streamPictures({
        ...{ known: scenes.map((sample) => planScene(sample, inputHeight, scales)), budget },
        bytesOf: ({ views }) =>
          views.reduce((sum, { width, height }) => sum + width * height * BYTES_PER_PIXEL, 0),
        decode: (scene) => prepareScene(dataset, scene),
      }),
      sceneGeometry(config, dataset),
    )
  }
  const items = streamPictures({
    ...{ known: spreadOver(dataset.splits[split], limit), budget },
    bytesOf: ({ width, height }) => inputBytes + width * height,
    decode: (sample) => loadSegmentationEvaluationItem(dataset, sample, config.network),
  })
  const { names, ignoreLabel } = dataset.classes
  const geometry = { classes: names, ignoreLabel, network: config.network }
  const scales = split === 'report' ? reportScales(config) : null
  return scales === null
    ? createSegmentationScoring(items, geometry)
    : createMultiScaleScoring(items, geometry, scales)
}

/** Three channels of 32 bits. */
const BYTES_PER_PIXEL = 12

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
