import type { RunConfig } from '../../../src-main/contract/index.ts'

const train = {
  epochs: 1,
  batch: 4,
  optimizer: {
    kind: 'adam',
    learningRate: 1e-3,
    momentum: 0.9,
    weightDecay: 0,
    schedule: 'constant',
    dropAt: [],
  },
  checkpointEvery: 10,
} as const

/** A complete configuration of which the loader reads the seed, the data, the input size and the task's part. */
export function makeRunConfig(changes: Partial<RunConfig> = {}): RunConfig {
  return {
    preset: 'test',
    task: 'pose',
    seed: 3,
    dataset: {
      source: 'drawn',
      drawn: { train: 10, search: 2, report: 2, seed: 7 },
      searchFraction: 0.1,
      searchLimit: 10,
      reportLimit: 10,
    },
    space: { layout: [[2, 1]], depthChoices: [1, 2], evolveLastModule: true },
    network: {
      baseWidth: 8,
      stemChannels: 16,
      layer1Blocks: 1,
      layer1Planes: 8,
      inputHeight: 32,
      inputWidth: 48,
    },
    teacher: { ...train, optimizer: { ...train.optimizer, dropAt: [] } },
    supernet: {
      ...train,
      optimizer: { ...train.optimizer, dropAt: [] },
      sampling: 'grouped',
      distillationWeight: 0,
      idleWeights: 'skipIdle',
    },
    search: {
      initial: 15,
      generations: 1,
      perGeneration: 5,
      crossoverProbability: 0.25,
      mutationProbability: 0.2,
      tail: 'cheap',
      recalibrationBatches: 1,
      recalibrationBatchSize: 4,
      flipTest: true,
      minMacs: null,
      maxMacs: null,
      maxParams: null,
      workers: 1,
    },
    pose: {
      sigma: null,
      augment: true,
      halfBodyProbability: 0.3,
      scaleFactor: 0.35,
      rotationFactor: 45,
      rotationProbability: 0.6,
      flipProbability: 0.5,
    },
    segmentation: {
      augment: true,
      scaleMin: 0.5,
      scaleMax: 2.1,
      flipProbability: 0.5,
      miningShare: 12,
      miningThreshold: 0.9,
      classWeights: 'none',
    },
    compute: { backend: 'auto', trainThreads: 1 },
    ...changes,
  }
}
