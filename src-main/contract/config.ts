import { z } from 'zod'

/** The frozen configuration of a run: everything that decides its numbers. Defaults come from a preset in resources/presets. */

export const taskKindSchema = z.enum(['pose', 'segmentation', 'bottom-up-pose'])
export type TaskKind = z.infer<typeof taskKindSchema>

const positiveInt = z.number().int().positive()
const fraction = z.number().min(0).max(1)

/**
 * Layouts of real data. `coco`: annotations/*.json and pictures; `crowdpose`: json/crowdpose_*.json and images; `mpii`: annot/*.json
 * and images; `cityscapes`: leftImg8bit and gtFine; `camvid`: split/images, split/labels, meta.json; `folder`: pictures, index maps
 * and a list of classes.
 */
export const DATASET_FORMATS = ['coco', 'crowdpose', 'mpii', 'cityscapes', 'camvid', 'folder'] as const
export const datasetFormatSchema = z.enum(DATASET_FORMATS)
export type DatasetFormat = z.infer<typeof datasetFormatSchema>

export const datasetConfigSchema = z.object({
  /** `drawn` is made on the fly from the seed; all others are folders of that layout. */
  source: z.enum(['drawn', ...DATASET_FORMATS]),
  /** Absolute folder of a real dataset; absent for drawn data. */
  path: z.string().min(1).optional(),
  /** Drawn data only: how many samples each split has. */
  drawn: z.object({
    train: positiveInt.max(100_000),
    search: positiveInt.max(10_000),
    report: positiveInt.max(10_000),
    seed: z.number().int(),
  }),
  /**
   * Real data: `cut` takes the search split from the training pictures; `official` searches on the report split, as the published
   * code does, and every result says so (method.md, decision 13). Absent = cut.
   */
  searchSplit: z.enum(['cut', 'official']).optional(),
  /**
   * Real data: `group` keeps training pictures that look alike (copies at another size or quality, neighbouring frames) on one side of the
   * search split; `ignore` does not look. Clips are kept together in any case. Absent = group.
   */
  nearDuplicates: z.enum(['group', 'ignore']).optional(),
  /** Real data: share of the training split that becomes the search split (clips and images stay whole). */
  searchFraction: z.number().min(0.02).max(0.5),
  /** At most this many samples of the search split are scored per candidate. */
  searchLimit: positiveInt,
  /** At most this many samples of the report split are scored at the end; with `detections`, this many pictures. */
  reportLimit: positiveInt,
  /**
   * COCO and CrowdPose, scored by AP: absolute path of a COCO result file whose person boxes the report split is scored with, as published
   * numbers are (method.md 6.2). Absent: annotated boxes.
   */
  detections: z.string().min(1).optional(),
  /** Boxes of lower score are not used. Absent = 0, as published. */
  detectionThreshold: fraction.optional(),
})
export type DatasetConfig = z.infer<typeof datasetConfigSchema>

export const spaceConfigSchema = z.object({
  /** [branches, modules] of each stage from stage 2 on; official is [[2,1],[3,4],[4,3]]. */
  layout: z
    .array(z.tuple([z.number().int().min(2).max(4), positiveInt.max(8)]))
    .min(1)
    .max(3),
  /** Allowed residual blocks per branch, ascending and consecutive; official is [2,3,4,5]. */
  depthChoices: z.array(z.number().int().min(1).max(9)).min(2).max(6),
  evolveLastModule: z.boolean(),
})
export type SpaceConfig = z.infer<typeof spaceConfigSchema>

export const networkConfigSchema = z.object({
  /** Channels of branch 0; branch b has baseWidth * 2^b. */
  baseWidth: positiveInt.max(256),
  stemChannels: positiveInt.max(256),
  layer1Blocks: positiveInt.max(8),
  layer1Planes: positiveInt.max(256),
  inputHeight: positiveInt.max(4096),
  inputWidth: positiveInt.max(4096),
})
export type NetworkConfig = z.infer<typeof networkConfigSchema>

export const optimizerConfigSchema = z.object({
  kind: z.enum(['adam', 'sgd']),
  learningRate: z.number().positive().max(10),
  momentum: fraction,
  weightDecay: z.number().min(0).max(1),
  /** `step`: times 0.1 at each fraction of the training in `dropAt`; `poly`: (1 - it/total)^0.9; `cosine`. */
  schedule: z.enum(['step', 'poly', 'cosine', 'constant']),
  dropAt: z.array(fraction).max(4),
})
export type OptimizerConfig = z.infer<typeof optimizerConfigSchema>

export const trainConfigSchema = z.object({
  epochs: z.number().positive().max(2000),
  batch: positiveInt.max(1024),
  optimizer: optimizerConfigSchema,
  /** Iterations between two checkpoints. */
  checkpointEvery: positiveInt,
})
export type TrainConfig = z.infer<typeof trainConfigSchema>

export const teacherConfigSchema = trainConfigSchema.extend({
  /**
   * Absolute path of a weights file (.safetensors, .npz or .pth) that the teacher begins with, whatever has the same name: ImageNet weights, or
   * the pose super-network's for bottom-up pose. Absent = everything is drawn from the seed.
   */
  startWeights: z.string().min(1).optional(),
})

export const supernetConfigSchema = trainConfigSchema.extend({
  sampling: z.enum(['grouped', 'uniform', 'sandwich']),
  /**
   * What the super-network begins with: the finished teacher, or what a teacher begins with (drawn from the seed, then
   * `teacher.startWeights`). A teacher is not trained where this is `fresh` and nothing is distilled. Absent = teacher.
   */
  start: z.enum(['teacher', 'fresh']).optional(),
  /** Weight of mean((student - teacher)^2); 0 trains without a teacher forward. */
  distillationWeight: z.number().min(0).max(100),
  /** Weight of the last iteration; the weight goes there linearly from `distillationWeight`, that of the first. Absent = constant. */
  distillationWeightEnd: z.number().min(0).max(100).optional(),
  idleWeights: z.enum(['skipIdle', 'zeroGradient']),
})
export type SupernetConfig = z.infer<typeof supernetConfigSchema>

export const searchConfigSchema = z.object({
  /** Size of the stratified random start (15 strata). */
  initial: positiveInt.min(15).max(100_000),
  generations: z.number().int().min(0).max(1000),
  perGeneration: positiveInt.max(10_000),
  crossoverProbability: fraction,
  mutationProbability: fraction,
  tail: z.enum(['cheap', 'crowding']),
  recalibrationBatches: positiveInt.max(64),
  recalibrationBatchSize: positiveInt.max(512),
  /** Scores with the mirrored image averaged in (pose: with the one-pixel shift). */
  flipTest: z.boolean(),
  /**
   * Third objective: the latency of each candidate, measured by the worker that scores it (one image, one thread). Absent = false.
   * Times differ from run to run, so the same seed no longer gives the same candidates after generation 0.
   */
  measuresLatency: z.boolean().optional(),
  /** Optional bounds; null means none. */
  minMacs: z.number().int().positive().nullable(),
  maxMacs: z.number().int().positive().nullable(),
  maxParams: z.number().int().positive().nullable(),
  /** Worker processes that evaluate side by side; 0 = by calibration, at most 4. */
  workers: z.number().int().min(0).max(64),
  /** Threads inside one operation of a search worker; absent or 0 = by calibration. */
  threads: z.number().int().min(0).max(128).optional(),
  /**
   * Megabytes in which one worker keeps values that several candidates share: feature maps of one batch, and up to half of it for those
   * of all images that later candidates may need; absent = 512. 0 scores each candidate alone. Scores are the same with any value.
   */
  sharedMemory: z.number().int().min(0).max(1_048_576).optional(),
})

/** `pck`: PCK@0.2 of the torso; `ap`: OKS AP as COCO has it (method.md 6.2, 6.4); `pckh`: PCKh@0.5 of MPII. */
export const POSE_METRICS = ['pck', 'ap', 'pckh'] as const
export type PoseMetric = (typeof POSE_METRICS)[number]
/** What the accuracy axis says. */
export const POSE_METRIC_NAMES: Readonly<Record<PoseMetric, string>> = {
  pck: 'PCK@0.2',
  ap: 'AP',
  pckh: 'PCKh@0.5',
}

export const poseTaskConfigSchema = z.object({
  /** The objective of the search and what is reported. Absent = pck. */
  metric: z.enum(POSE_METRICS).optional(),
  /** Heat-map Gaussian in heat-map pixels; null = max(1, heat-map height / 32). */
  sigma: z.number().positive().nullable(),
  augment: z.boolean(),
  halfBodyProbability: fraction,
  scaleFactor: z.number().min(0).max(1),
  rotationFactor: z.number().min(0).max(180),
  rotationProbability: fraction,
  flipProbability: fraction,
})
export type PoseTaskConfig = z.infer<typeof poseTaskConfigSchema>

export const bottomUpTaskConfigSchema = z.object({
  /** Gaussian of both resolutions in map pixels; published 2. */
  sigma: z.number().positive().max(16),
  augment: z.boolean(),
  /** Shown part of the picture as a factor of its short side; published 0.75 to 1.5. */
  scaleMin: z.number().positive().max(4),
  scaleMax: z.number().positive().max(4),
  /** Largest turn either way in degrees; published 30. */
  rotationDegrees: z.number().min(0).max(180),
  /** Largest shift of the centre, in 200ths of the shown part; published 40. */
  translation: z.number().min(0).max(100),
  flipProbability: fraction,
  /** Weight of push and pull beside the heat maps; published 0.001. */
  tagWeight: z.number().min(0).max(10),
  /** What keeps the tags of two persons apart: `exp`, published, or `max`, which also parts equal ones; absent = `exp`. */
  tagPush: z.enum(['exp', 'max']).optional(),
  /** Most persons of a picture, in training and in answers; published 30. */
  mostPersons: positiveInt.max(100),
  /** Peaks of at most this heat are no joints; published 0.1. */
  detectionThreshold: fraction,
  /** A joint goes to a person if their tags differ by less; published 1. */
  tagThreshold: z.number().positive().max(100),
  /** Scales of the input that answers are averaged over; published 1, or 0.5, 1 and 2. Must hold 1. */
  scales: z
    .array(z.number().min(0.25).max(4))
    .min(1)
    .max(5)
    .refine((scales) => scales.includes(1), 'must hold 1, whose tags are used'),
})
export type BottomUpTaskConfig = z.infer<typeof bottomUpTaskConfigSchema>

/** What decides which joints become a person. */
export type GroupingConfig = Pick<BottomUpTaskConfig, 'mostPersons' | 'detectionThreshold' | 'tagThreshold'>

export const segmentationTaskConfigSchema = z.object({
  /** Scales of the input that answers of the report split are summed over (method.md 6.3); absent = the input alone. */
  reportScales: z.array(z.number().min(0.25).max(4)).min(1).max(8).optional(),
  augment: z.boolean(),
  /** Size of training crops in pixels; absent = the network's input, which scores and costs always use. Official 512 x 1024. */
  cropHeight: positiveInt.max(4096).optional(),
  cropWidth: positiveInt.max(4096).optional(),
  /** Random resize factor range, 1 = the whole picture fits the network's input; official 0.5 to 2.1. */
  scaleMin: z.number().positive().max(4),
  scaleMax: z.number().positive().max(4),
  flipProbability: fraction,
  /** Hard example mining keeps pixels/`miningShare` pixels at least; 0 turns mining off. Official 12. */
  miningShare: z.number().min(0),
  miningThreshold: fraction,
  /** `none`; `balanced`: median-frequency style weights measured on the training split; `cityscapes`: the published 19 (method.md 5.3). */
  classWeights: z.enum(['none', 'balanced', 'cityscapes']),
})
export type SegmentationTaskConfig = z.infer<typeof segmentationTaskConfigSchema>

/** What can compute, in the order in which they are taken where nothing was measured. */
export const BACKENDS = ['tensorflow', 'webgpu', 'wasm'] as const
export type BackendName = (typeof BACKENDS)[number]
/** What can be asked for. */
export const BACKEND_WISHES = ['auto', ...BACKENDS] as const

export const computeConfigSchema = z.object({
  backend: z.enum(BACKEND_WISHES),
  /** Threads inside one training operation; 0 = by calibration. */
  trainThreads: z.number().int().min(0).max(128),
  /** Threads that read and augment training batches; absent or 0 = by calibration. The batches do not depend on it. */
  loaderThreads: z.number().int().min(0).max(16).optional(),
  /**
   * Megabytes in which a worker keeps decoded pictures that it scores again and again; what has no room is decoded in every pass, by threads
   * beside the computation. Absent = a sixteenth of the memory, 256 to 4096. Scores are the same with any value.
   */
  pictureMemory: z.number().int().min(0).max(1_048_576).optional(),
})
export type ComputeConfig = z.infer<typeof computeConfigSchema>

/** Formats whose pictures have the numbers that a detection file names. */
const NUMBERED_FORMATS: readonly string[] = ['coco', 'crowdpose']

export const runConfigSchema = z
  .object({
    preset: z.string().min(1),
    task: taskKindSchema,
    seed: z
      .number()
      .int()
      .min(0)
      .max(2 ** 31 - 1),
    dataset: datasetConfigSchema,
    space: spaceConfigSchema,
    network: networkConfigSchema,
    teacher: teacherConfigSchema,
    supernet: supernetConfigSchema,
    search: searchConfigSchema,
    pose: poseTaskConfigSchema,
    segmentation: segmentationTaskConfigSchema,
    /** Needed by `bottom-up-pose`; configurations of other tasks may lack it. */
    bottomUp: bottomUpTaskConfigSchema.optional(),
    compute: computeConfigSchema,
  })
  .superRefine(({ task, dataset, pose }, context) => {
    if (dataset.detections === undefined) {
      return
    }
    const problem =
      task !== 'pose'
        ? `boxes of a detector are for task pose, this is ${task}`
        : !NUMBERED_FORMATS.includes(dataset.source)
          ? `boxes of a detector are for data of ${NUMBERED_FORMATS.join(' or ')}, this is ${dataset.source}`
          : pose.metric !== 'ap'
            ? `boxes of a detector are scored by AP; set pose.metric to ap, it is ${pose.metric ?? 'pck'}`
            : null
    if (problem !== null) {
      context.addIssue({ code: 'custom', path: ['dataset', 'detections'], message: problem })
    }
  })
export type RunConfig = z.infer<typeof runConfigSchema>

/** A preset is a complete configuration with a name and words for people; the seed and dataset path may be overridden. */
export const presetSchema = z.object({
  name: z.string().regex(/^[a-z0-9-]+$/),
  title: z.string(),
  description: z.string(),
  /** Where its numbers come from: "method.md 11.2", "ours, tuned on the search split". */
  source: z.string(),
  config: runConfigSchema,
})
export type Preset = z.infer<typeof presetSchema>
