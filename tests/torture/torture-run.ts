import { setArgs } from '../support/small-run.ts'

/** A run of some seconds that passes through every phase and writes a checkpoint every few iterations. */
const TORTURE_RUN: Readonly<Record<string, number | string>> = {
  'dataset.drawn.train': 32,
  'dataset.drawn.search': 16,
  'dataset.drawn.report': 16,
  'teacher.epochs': 4,
  'teacher.batch': 8,
  'teacher.checkpointEvery': 3,
  'supernet.epochs': 10,
  'supernet.batch': 8,
  'supernet.checkpointEvery': 4,
  'search.initial': 15,
  'search.generations': 2,
  'search.perGeneration': 4,
  'search.recalibrationBatches': 1,
  'search.recalibrationBatchSize': 8,
}

export function tortureRunArgs(dataFolder: string): string[] {
  return ['run', 'micro-pose', '--data', dataFolder, ...setArgs(TORTURE_RUN)]
}

export function tortureResumeArgs(runId: string, dataFolder: string): string[] {
  return ['resume', runId, '--data', dataFolder]
}
