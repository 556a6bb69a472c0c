import { join } from 'node:path'
import type { Kernels } from '../../src-main/compute/kernels.ts'
import type { MetricPoint, RunConfig, TrainJob } from '../../src-main/contract/index.ts'
import { listCheckpoints, readCheckpoint, sha256 } from '../../src-main/worker/checkpoint-files.ts'
import { JobRunner } from '../../src-main/worker/run-job.ts'

const LOADER_THREAD = new URL('../../src-main/datasets/loader-thread.ts', import.meta.url)

export interface WorkerTraining {
  readonly kernels: Kernels
  readonly config: RunConfig
  readonly runFolder: string
  /** The worker is lost right after it wrote this checkpoint. */
  readonly killedAfter?: number
  readonly job: Pick<TrainJob, 'phase'> & Partial<Pick<TrainJob, 'subnet' | 'loaderThreads'>>
}

/** Trains in a worker of its own, as after a new start of the program. */
export async function trainInWorker(training: WorkerTraining): Promise<readonly MetricPoint[]> {
  const { kernels, config, runFolder, killedAfter, job } = training
  const points: MetricPoint[] = []
  const runner = new JobRunner({
    backend: { kernels, refused: [] },
    loaderThreadUrl: LOADER_THREAD,
    threads: 1,
  })
  const lost = new Error('the worker was lost')
  try {
    await runner.run(
      {
        ...{ kind: 'train', runId: 'run', config, runFolder, attempt: 1, loaderThreads: 0 },
        ...{ cacheFolder: join(runFolder, 'cache') },
        ...job,
      },
      {
        emit: (event) => {
          if (event.kind === 'metrics-recorded') {
            points.push(...event.points)
          }
          if (event.kind === 'checkpoint-written' && event.iteration === killedAfter) {
            throw lost
          }
        },
        log: () => undefined,
        isStopping: () => false,
      },
    )
  } catch (thrown) {
    if (thrown !== lost) {
      throw thrown
    }
  }
  return points
}

/** Both files of the newest checkpoint of a phase, by their bits. */
export function newestBits(runFolder: string, phase: TrainJob['phase']) {
  const [newest] = listCheckpoints(runFolder, phase)
  if (newest === undefined) {
    throw new Error(`no ${phase} checkpoint in ${runFolder}`)
  }
  const { iteration, weightsFile, optimizerFile } = newest
  return {
    iteration,
    weights: sha256(readCheckpoint(weightsFile)),
    optimizer: sha256(readCheckpoint(optimizerFile)),
  }
}
