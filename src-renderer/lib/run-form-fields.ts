import type { RunConfig } from '../../src-main/contract/index.ts'

export type FieldKind = 'number' | 'optional-number' | 'list' | 'layout' | 'choice' | 'flag'

export type FormSectionName = 'data' | 'space' | 'training' | 'search' | 'task' | 'compute'

export interface FieldSpec {
  readonly path: string
  readonly section: FormSectionName
  readonly label: string
  readonly kind: FieldKind
  readonly unit?: string
  readonly hint?: string
  readonly isAdvanced?: boolean
  readonly options?: readonly string[]
  /** Shown for configurations that read the field. */
  readonly when?: (config: RunConfig) => boolean
}

const SCHEDULES = ['step', 'poly', 'cosine', 'constant'] as const
const isDrawn = (config: RunConfig): boolean => config.dataset.source === 'drawn'
const isReal = (config: RunConfig): boolean => !isDrawn(config)
const isPose = (config: RunConfig): boolean => config.task === 'pose'
const isSegmentation = (config: RunConfig): boolean => config.task === 'segmentation'

const advanced = { isAdvanced: true } as const

const DATA: readonly FieldSpec[] = [
  {
    path: 'dataset.drawn.train',
    section: 'data',
    label: 'Drawn to train',
    kind: 'number',
    when: isDrawn,
    ...advanced,
  },
  {
    path: 'dataset.drawn.search',
    section: 'data',
    label: 'Drawn to search',
    kind: 'number',
    when: isDrawn,
    ...advanced,
  },
  {
    path: 'dataset.drawn.report',
    section: 'data',
    label: 'Drawn to report',
    kind: 'number',
    when: isDrawn,
    ...advanced,
  },
  {
    path: 'dataset.drawn.seed',
    section: 'data',
    label: 'Seed of the pictures',
    kind: 'number',
    when: isDrawn,
    ...advanced,
  },
  {
    path: 'dataset.searchFraction',
    section: 'data',
    label: 'Search share of train',
    kind: 'number',
    hint: '0.02 to 0.5, cut by picture or clip',
    when: isReal,
    ...advanced,
  },
  {
    path: 'dataset.searchLimit',
    section: 'data',
    label: 'Search samples at most',
    kind: 'number',
    ...advanced,
  },
  {
    path: 'dataset.reportLimit',
    section: 'data',
    label: 'Report samples at most',
    kind: 'number',
    ...advanced,
  },
]

const SPACE: readonly FieldSpec[] = [
  { path: 'network.baseWidth', section: 'space', label: 'Width', kind: 'number', unit: 'channels' },
  {
    path: 'space.depthChoices',
    section: 'space',
    label: 'Blocks per branch',
    kind: 'list',
    hint: 'consecutive, e.g. 1, 2, 3',
  },
  { path: 'network.inputHeight', section: 'space', label: 'Input height', kind: 'number', unit: 'px' },
  { path: 'network.inputWidth', section: 'space', label: 'Input width', kind: 'number', unit: 'px' },
  {
    path: 'space.layout',
    section: 'space',
    label: 'Stages',
    kind: 'layout',
    hint: 'branches:modules of stage 2, 3, 4',
    ...advanced,
  },
  {
    path: 'space.evolveLastModule',
    section: 'space',
    label: 'Evolve the last module',
    kind: 'flag',
    ...advanced,
  },
  {
    path: 'network.stemChannels',
    section: 'space',
    label: 'Stem',
    kind: 'number',
    unit: 'channels',
    ...advanced,
  },
  { path: 'network.layer1Blocks', section: 'space', label: 'Blocks of stage 1', kind: 'number', ...advanced },
  { path: 'network.layer1Planes', section: 'space', label: 'Planes of stage 1', kind: 'number', ...advanced },
]

const TRAINING: readonly FieldSpec[] = [
  { path: 'supernet.epochs', section: 'training', label: 'Epochs', kind: 'number' },
  { path: 'supernet.batch', section: 'training', label: 'Batch', kind: 'number', unit: 'images' },
  { path: 'supernet.optimizer.learningRate', section: 'training', label: 'Learning rate', kind: 'number' },
  { path: 'teacher.epochs', section: 'training', label: 'Teacher epochs', kind: 'number' },
  {
    path: 'supernet.sampling',
    section: 'training',
    label: 'Sampling',
    kind: 'choice',
    options: ['grouped', 'uniform', 'sandwich'],
    ...advanced,
  },
  {
    path: 'supernet.distillationWeight',
    section: 'training',
    label: 'Distillation weight',
    kind: 'number',
    ...advanced,
  },
  {
    path: 'supernet.optimizer.kind',
    section: 'training',
    label: 'Optimizer',
    kind: 'choice',
    options: ['adam', 'sgd'],
    ...advanced,
  },
  {
    path: 'supernet.optimizer.schedule',
    section: 'training',
    label: 'Schedule',
    kind: 'choice',
    options: SCHEDULES,
    ...advanced,
  },
  {
    path: 'supernet.optimizer.weightDecay',
    section: 'training',
    label: 'Weight decay',
    kind: 'number',
    ...advanced,
  },
  {
    path: 'supernet.checkpointEvery',
    section: 'training',
    label: 'Checkpoint every',
    kind: 'number',
    unit: 'iterations',
    ...advanced,
  },
  {
    path: 'teacher.batch',
    section: 'training',
    label: 'Teacher batch',
    kind: 'number',
    unit: 'images',
    ...advanced,
  },
  {
    path: 'teacher.optimizer.learningRate',
    section: 'training',
    label: 'Teacher learning rate',
    kind: 'number',
    ...advanced,
  },
  {
    path: 'supernet.idleWeights',
    section: 'training',
    label: 'Idle weights',
    kind: 'choice',
    options: ['skipIdle', 'zeroGradient'],
    ...advanced,
  },
]

const SEARCH: readonly FieldSpec[] = [
  { path: 'search.initial', section: 'search', label: 'Random start', kind: 'number', unit: 'candidates' },
  { path: 'search.generations', section: 'search', label: 'Generations', kind: 'number' },
  { path: 'search.perGeneration', section: 'search', label: 'Offspring', kind: 'number', unit: 'each' },
  {
    path: 'search.maxMacs',
    section: 'search',
    label: 'Multiply-adds at most',
    kind: 'optional-number',
    hint: 'empty: no bound',
  },
  {
    path: 'search.minMacs',
    section: 'search',
    label: 'Multiply-adds at least',
    kind: 'optional-number',
    hint: 'empty: no bound',
    ...advanced,
  },
  {
    path: 'search.maxParams',
    section: 'search',
    label: 'Parameters at most',
    kind: 'optional-number',
    hint: 'empty: no bound',
    ...advanced,
  },
  {
    path: 'search.crossoverProbability',
    section: 'search',
    label: 'Crossover',
    kind: 'number',
    hint: 'probability',
    ...advanced,
  },
  {
    path: 'search.mutationProbability',
    section: 'search',
    label: 'Mutation',
    kind: 'number',
    hint: 'probability',
    ...advanced,
  },
  {
    path: 'search.tail',
    section: 'search',
    label: 'Last front is cut by',
    kind: 'choice',
    options: ['cheap', 'crowding'],
    ...advanced,
  },
  {
    path: 'search.recalibrationBatches',
    section: 'search',
    label: 'Recalibration batches',
    kind: 'number',
    ...advanced,
  },
  {
    path: 'search.recalibrationBatchSize',
    section: 'search',
    label: 'of',
    kind: 'number',
    unit: 'images',
    ...advanced,
  },
  {
    path: 'search.flipTest',
    section: 'search',
    label: 'Average with the mirror image',
    kind: 'flag',
    ...advanced,
  },
  {
    path: 'search.workers',
    section: 'search',
    label: 'Workers',
    kind: 'number',
    hint: '0: one per core, at most 4',
    ...advanced,
  },
]

const TASK: readonly FieldSpec[] = [
  { path: 'pose.augment', section: 'task', label: 'Augment', kind: 'flag', when: isPose, ...advanced },
  {
    path: 'pose.sigma',
    section: 'task',
    label: 'Sigma',
    kind: 'optional-number',
    unit: 'px',
    hint: 'empty: by the heat map',
    when: isPose,
    ...advanced,
  },
  {
    path: 'pose.scaleFactor',
    section: 'task',
    label: 'Scale',
    kind: 'number',
    unit: '±',
    when: isPose,
    ...advanced,
  },
  {
    path: 'pose.rotationFactor',
    section: 'task',
    label: 'Rotation',
    kind: 'number',
    unit: '°',
    when: isPose,
    ...advanced,
  },
  {
    path: 'pose.flipProbability',
    section: 'task',
    label: 'Mirror',
    kind: 'number',
    hint: 'probability',
    when: isPose,
    ...advanced,
  },
  {
    path: 'pose.halfBodyProbability',
    section: 'task',
    label: 'Half body',
    kind: 'number',
    hint: 'probability',
    when: isPose,
    ...advanced,
  },
  {
    path: 'segmentation.augment',
    section: 'task',
    label: 'Augment',
    kind: 'flag',
    when: isSegmentation,
    ...advanced,
  },
  {
    path: 'segmentation.scaleMin',
    section: 'task',
    label: 'Smallest scale',
    kind: 'number',
    when: isSegmentation,
    ...advanced,
  },
  {
    path: 'segmentation.scaleMax',
    section: 'task',
    label: 'Largest scale',
    kind: 'number',
    when: isSegmentation,
    ...advanced,
  },
  {
    path: 'segmentation.miningShare',
    section: 'task',
    label: 'Hard pixels, one of',
    kind: 'number',
    hint: '0: all pixels',
    when: isSegmentation,
    ...advanced,
  },
  {
    path: 'segmentation.classWeights',
    section: 'task',
    label: 'Class weights',
    kind: 'choice',
    options: ['none', 'balanced'],
    when: isSegmentation,
    ...advanced,
  },
]

const COMPUTE: readonly FieldSpec[] = [
  { path: 'seed', section: 'compute', label: 'Seed', kind: 'number', hint: 'same seed and data: same front' },
  {
    path: 'compute.backend',
    section: 'compute',
    label: 'Backend',
    kind: 'choice',
    options: ['auto', 'tensorflow', 'wasm'],
    ...advanced,
  },
  {
    path: 'compute.trainThreads',
    section: 'compute',
    label: 'Training threads',
    kind: 'number',
    hint: '0: all cores, at most 8',
    ...advanced,
  },
]

/** Every field of the form, in its order. Ranges and allowed values are those of the contract's schema. */
export const FIELDS: readonly FieldSpec[] = [...DATA, ...SPACE, ...TRAINING, ...SEARCH, ...TASK, ...COMPUTE]

export function fieldsOf(
  section: FormSectionName,
  config: RunConfig,
  hasAdvanced: boolean,
): readonly FieldSpec[] {
  return FIELDS.filter(
    (field) =>
      field.section === section &&
      (hasAdvanced || field.isAdvanced !== true) &&
      (field.when === undefined || field.when(config)),
  )
}
