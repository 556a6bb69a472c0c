/** Settings of a run of some seconds: every part happens, none has to be good. */
const SMALL_RUN: Readonly<Record<string, number | string>> = {
  'dataset.drawn.train': 48,
  'dataset.drawn.search': 24,
  'dataset.drawn.report': 24,
  'teacher.epochs': 2,
  'supernet.epochs': 4,
  'search.initial': 15,
  'search.generations': 1,
  'search.perGeneration': 4,
  'search.recalibrationBatches': 2,
  'search.recalibrationBatchSize': 8,
}

/** The same as arguments of `scalenas run`, with what a test needs otherwise laid over. */
export function smallRunArgs(changes: Readonly<Record<string, number | string>> = {}): string[] {
  return setArgs({ ...SMALL_RUN, ...changes })
}

export function setArgs(settings: Readonly<Record<string, number | string>>): string[] {
  return Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${String(value)}`])
}
