import { BACKEND_WISHES } from '../../src-main/contract/index.ts'
import type { RunConfig } from '../../src-main/contract/index.ts'

export type FieldKind = 'number' | 'optional-number' | 'text' | 'list' | 'layout' | 'choice' | 'flag'

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
  /** What stands in the field of a configuration that lacks it. */
  readonly whenAbsent?: string
  /** Shown for configurations that read the field. */
  readonly when?: (config: RunConfig) => boolean
}

type Details = Omit<FieldSpec, 'path' | 'section' | 'label'>
type Row = readonly [path: string, label: string, details: Details]

const isDrawn = (config: RunConfig): boolean => config.dataset.source === 'drawn'
const isReal = (config: RunConfig): boolean => !isDrawn(config)
const isPose = (config: RunConfig): boolean => config.task === 'pose'
const hasNumberedPictures = ({ task, dataset }: RunConfig): boolean =>
  task === 'pose' && (dataset.source === 'coco' || dataset.source === 'crowdpose')
const isBottomUp = (config: RunConfig): boolean => config.task === 'bottom-up-pose'
const isSegmentation = (config: RunConfig): boolean => config.task === 'segmentation'

const basic = (kind: FieldKind, details: Partial<Details> = {}): Details => ({ kind, ...details })
const advanced = (kind: FieldKind, details: Partial<Details> = {}): Details => ({
  kind,
  isAdvanced: true,
  ...details,
})
const choice = (options: readonly string[], details: Partial<Details> = {}): Details =>
  advanced('choice', { options, ...details })

const UNBOUND = { hint: 'empty: no bound' } as const
const MEASURED = { hint: '0: measured at the start' } as const
const PROBABILITY = { hint: 'probability' } as const

const DATA: readonly Row[] = [
  ['dataset.drawn.train', 'Drawn to train', advanced('number', { when: isDrawn })],
  ['dataset.drawn.search', 'Drawn to search', advanced('number', { when: isDrawn })],
  ['dataset.drawn.report', 'Drawn to report', advanced('number', { when: isDrawn })],
  ['dataset.drawn.seed', 'Seed of the pictures', advanced('number', { when: isDrawn })],
  [
    'dataset.searchFraction',
    'Search share of train',
    advanced('number', { hint: '0.02 to 0.5', when: isReal }),
  ],
  [
    'dataset.nearDuplicates',
    'Training pictures that look alike',
    choice(['group', 'ignore'], {
      hint: 'group: on one side of the search split',
      when: isReal,
      whenAbsent: 'group',
    }),
  ],
  ['dataset.searchLimit', 'Search samples at most', advanced('number')],
  ['dataset.reportLimit', 'Report samples at most', advanced('number')],
  [
    'dataset.detections',
    'Detector boxes of the report',
    advanced('text', { hint: 'COCO result file; empty: annotated boxes', when: hasNumberedPictures }),
  ],
  [
    'dataset.detectionThreshold',
    'Detector boxes from score',
    advanced('number', { when: hasNumberedPictures, whenAbsent: '0' }),
  ],
]

const SPACE: readonly Row[] = [
  ['network.baseWidth', 'Width', basic('number', { unit: 'channels' })],
  ['space.depthChoices', 'Blocks per branch', basic('list', { hint: 'consecutive, e.g. 1, 2, 3' })],
  ['network.inputHeight', 'Input height', basic('number', { unit: 'px' })],
  ['network.inputWidth', 'Input width', basic('number', { unit: 'px' })],
  ['space.layout', 'Stages', advanced('layout', { hint: 'branches:modules of stage 2, 3, 4' })],
  ['space.evolveLastModule', 'Evolve the last module', advanced('flag')],
  ['network.stemChannels', 'Stem', advanced('number', { unit: 'channels' })],
  ['network.layer1Blocks', 'Blocks of stage 1', advanced('number')],
  ['network.layer1Planes', 'Planes of stage 1', advanced('number')],
]

const TRAINING: readonly Row[] = [
  ['supernet.epochs', 'Epochs', basic('number')],
  ['supernet.batch', 'Batch', basic('number', { unit: 'images' })],
  ['supernet.optimizer.learningRate', 'Learning rate', basic('number')],
  ['teacher.epochs', 'Teacher epochs', basic('number')],
  [
    'teacher.startWeights',
    'Teacher starts with',
    advanced('text', { whenAbsent: '', hint: 'weights file; empty: drawn from the seed' }),
  ],
  ['supernet.sampling', 'Sampling', choice(['grouped', 'uniform', 'sandwich'])],
  [
    'supernet.start',
    'Super-network starts from',
    choice(['teacher', 'fresh'], {
      whenAbsent: 'teacher',
      hint: 'fresh without distillation: no teacher is trained',
    }),
  ],
  ['supernet.distillationWeight', 'Distillation weight', advanced('number')],
  [
    'supernet.distillationWeightEnd',
    'Distillation weight at the end',
    advanced('number', { whenAbsent: '', hint: 'empty: as at the start' }),
  ],
  ['supernet.optimizer.kind', 'Optimizer', choice(['adam', 'sgd'])],
  ['supernet.optimizer.schedule', 'Schedule', choice(['step', 'poly', 'cosine', 'constant'])],
  ['supernet.optimizer.weightDecay', 'Weight decay', advanced('number')],
  ['supernet.checkpointEvery', 'Checkpoint every', advanced('number', { unit: 'iterations' })],
  ['teacher.batch', 'Teacher batch', advanced('number', { unit: 'images' })],
  ['teacher.optimizer.learningRate', 'Teacher learning rate', advanced('number')],
  ['supernet.idleWeights', 'Idle weights', choice(['skipIdle', 'zeroGradient'])],
]

const SEARCH: readonly Row[] = [
  ['search.initial', 'Random start', basic('number', { unit: 'candidates' })],
  ['search.generations', 'Generations', basic('number')],
  ['search.perGeneration', 'Offspring', basic('number', { unit: 'each' })],
  ['search.maxMacs', 'Multiply-adds at most', basic('optional-number', UNBOUND)],
  ['search.minMacs', 'Multiply-adds at least', advanced('optional-number', UNBOUND)],
  ['search.maxParams', 'Parameters at most', advanced('optional-number', UNBOUND)],
  ['search.crossoverProbability', 'Crossover', advanced('number', PROBABILITY)],
  ['search.mutationProbability', 'Mutation', advanced('number', PROBABILITY)],
  ['search.tail', 'Last front is cut by', choice(['cheap', 'crowding'])],
  ['search.recalibrationBatches', 'Recalibration batches', advanced('number')],
  ['search.recalibrationBatchSize', 'of', advanced('number', { unit: 'images' })],
  ['search.flipTest', 'Average with the mirror image', advanced('flag')],
  ['pose.metric', 'Scored by', choice(['pck', 'ap', 'pckh'], { when: isPose, whenAbsent: 'pck' })],
  ['search.workers', 'Workers', advanced('number', { hint: '0: measured at the start, at most 4' })],
  ['search.threads', 'Threads of a worker', advanced('number', { ...MEASURED, whenAbsent: '0' })],
]

const TASK: readonly Row[] = [
  ['pose.augment', 'Augment', advanced('flag', { when: isPose })],
  [
    'pose.sigma',
    'Sigma',
    advanced('optional-number', { unit: 'px', hint: 'empty: by the heat map', when: isPose }),
  ],
  ['pose.scaleFactor', 'Scale', advanced('number', { unit: '±', when: isPose })],
  ['pose.rotationFactor', 'Rotation', advanced('number', { unit: '°', when: isPose })],
  ['pose.flipProbability', 'Mirror', advanced('number', { ...PROBABILITY, when: isPose })],
  ['pose.halfBodyProbability', 'Half body', advanced('number', { ...PROBABILITY, when: isPose })],
  ['bottomUp.augment', 'Augment', advanced('flag', { when: isBottomUp })],
  ['bottomUp.sigma', 'Sigma', advanced('number', { unit: 'px', when: isBottomUp })],
  ['bottomUp.scaleMin', 'Smallest part shown', advanced('number', { when: isBottomUp })],
  ['bottomUp.scaleMax', 'Largest part shown', advanced('number', { when: isBottomUp })],
  ['bottomUp.rotationDegrees', 'Rotation', advanced('number', { unit: '°', when: isBottomUp })],
  ['bottomUp.flipProbability', 'Mirror', advanced('number', { ...PROBABILITY, when: isBottomUp })],
  ['bottomUp.tagWeight', 'Weight of tags', advanced('number', { when: isBottomUp })],
  [
    'bottomUp.tagPush',
    'Tags are pushed apart by',
    choice(['exp', 'max'], { whenAbsent: 'exp', when: isBottomUp }),
  ],
  ['bottomUp.detectionThreshold', 'Joints above', advanced('number', { ...PROBABILITY, when: isBottomUp })],
  ['bottomUp.tagThreshold', 'Tags of one person within', advanced('number', { when: isBottomUp })],
  ['bottomUp.mostPersons', 'Persons at most', advanced('number', { when: isBottomUp })],
  ['segmentation.augment', 'Augment', advanced('flag', { when: isSegmentation })],
  ['segmentation.scaleMin', 'Smallest scale', advanced('number', { when: isSegmentation })],
  ['segmentation.scaleMax', 'Largest scale', advanced('number', { when: isSegmentation })],
  [
    'segmentation.miningShare',
    'Hard pixels, one of',
    advanced('number', { hint: '0: all', when: isSegmentation }),
  ],
  [
    'segmentation.classWeights',
    'Class weights',
    choice(['none', 'balanced', 'cityscapes'], { when: isSegmentation }),
  ],
]

const COMPUTE: readonly Row[] = [
  ['seed', 'Seed', basic('number', { hint: 'same seed and data: same front' })],
  ['compute.backend', 'Backend', choice(BACKEND_WISHES)],
  ['compute.trainThreads', 'Training threads', advanced('number', MEASURED)],
  ['compute.loaderThreads', 'Threads reading pictures', advanced('number', { ...MEASURED, whenAbsent: '0' })],
  [
    'compute.pictureMemory',
    'Decoded pictures of a worker',
    advanced('number', { unit: 'MB', hint: 'empty: a sixteenth of the memory', whenAbsent: '' }),
  ],
]

/** Every field of the form, in its order. Ranges and allowed values are those of the contract's schema. */
export const FIELDS: readonly FieldSpec[] = [
  ...inSection('data', DATA),
  ...inSection('space', SPACE),
  ...inSection('training', TRAINING),
  ...inSection('search', SEARCH),
  ...inSection('task', TASK),
  ...inSection('compute', COMPUTE),
]

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

function inSection(section: FormSectionName, rows: readonly Row[]): readonly FieldSpec[] {
  return rows.map(([path, label, details]) => ({ path, section, label, ...details }))
}
