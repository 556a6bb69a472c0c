import { performance } from 'node:perf_hooks'
import type { MeasureLoaderJob, MeasureLoaderResult } from '../../contract/index.ts'
import { measureReading } from '../../datasets/measure-reading.ts'
import type { RunContext } from '../run-context.ts'

const CLOCK = {
  now: () => performance.now(),
  cpu: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
}

/** What reading the run's training images costs, before training decides how many threads read. */
export function runMeasureLoaderJob(
  { seconds }: MeasureLoaderJob,
  { config, dataset }: RunContext,
): Promise<MeasureLoaderResult> {
  return measureReading({ config, dataset, batch: config.supernet.batch, seed: config.seed }, seconds, CLOCK)
}
