import type { Job, JobResults } from '../contract/index.ts'
import { benchmarkLoader } from '../datasets/bench-loader.ts'
import { inspectDatasetFolder } from '../datasets/open-dataset.ts'
import { chooseLoaderThreads } from '../datasets/thread-loader.ts'
import { BenchRunner, runBenchTraceJob } from './jobs/bench-job.ts'
import { benchEvaluation } from './bench/bench-evaluation.ts'
import { runEvaluateJob } from './jobs/evaluate-job.ts'
import { runExportJob } from './jobs/export-job.ts'
import { runFineTuneJob } from './jobs/fine-tune-job.ts'
import { runForwardJob } from './jobs/forward-job.ts'
import { runMeasureLoaderJob } from './jobs/measure-loader-job.ts'
import { runPredictFilesJob } from './jobs/predict-files-job.ts'
import { runPredictJob } from './jobs/predict-job.ts'
import { runPreflightJob } from './jobs/preflight-job.ts'
import { runPrepareJob } from './jobs/prepare-job.ts'
import { runTrainJob } from './jobs/train-job.ts'
import { openRunContext } from './run-context.ts'
import type { RunContext } from './run-context.ts'
import { requireSameDataset } from './same-dataset.ts'
import { SupernetCache } from './supernet-cache.ts'
import type { JobContext, WorkerServices } from './worker-services.ts'

type JobOfRun = Extract<Job, { readonly runId: string }>

type JobResult = JobResults[Job['kind']]

/** Runs jobs one after another and keeps what the next one of the same run can use: dataset, crops, super-network. */
export class JobRunner {
  readonly #services: WorkerServices
  readonly #supernets = new SupernetCache()
  readonly #bench: BenchRunner
  #run: { readonly key: string; readonly context: RunContext } | null = null

  constructor(services: WorkerServices) {
    this.#services = services
    this.#bench = new BenchRunner(services.backend.kernels)
  }

  async run(job: Job, context: JobContext): Promise<JobResult> {
    if (job.kind === 'inspect-dataset') {
      return { dataset: await inspectDatasetFolder(job.path, job.format, job.cacheFolder ?? null) }
    }
    if (job.kind === 'forward') {
      return runForwardJob(job, this.#services, context)
    }
    if (job.kind === 'bench') {
      return this.#bench.run(job, context)
    }
    if (job.kind === 'bench-trace') {
      return runBenchTraceJob(job, this.#services.backend.kernels)
    }
    if (job.kind === 'bench-loader') {
      return benchmarkLoader({ seconds: job.seconds })
    }
    if (job.kind === 'predict-files') {
      return runPredictFilesJob(job, this.#services, context)
    }
    if (job.kind === 'bench-evaluation') {
      return benchEvaluation({ ...job, kernels: this.#services.backend.kernels })
    }
    const run = await this.#openRun(job)
    if (job.kind === 'train' || job.kind === 'evaluate') {
      requireSameDataset(job.preparedDataset, run.dataset.facts)
    }
    if (job.kind !== 'evaluate' || job.split !== 'search') {
      this.#supernets.releaseKept()
    }
    switch (job.kind) {
      case 'prepare':
        return runPrepareJob(job, run, context)
      case 'preflight':
        return runPreflightJob(job, run, context)
      case 'measure-loader':
        return runMeasureLoaderJob(job, run)
      case 'train':
        return runTrainJob(job, run, this.#services, context)
      case 'evaluate':
        return runEvaluateJob(job, run, this.#supernets, this.#services, context)
      case 'predict':
        return runPredictJob(job, run, this.#supernets, context)
      case 'export':
        return runExportJob(job, run, this.#supernets, this.#services, context)
      case 'fine-tune':
        return runFineTuneJob(job, run, this.#supernets, this.#services, context)
      default:
        return job satisfies never
    }
  }

  async #openRun(job: JobOfRun): Promise<RunContext> {
    const key = JSON.stringify([job.runId, job.config])
    const { backend, loaderThreadUrl, threads } = this.#services
    if (this.#run?.key !== key) {
      this.#supernets.close()
      this.#run?.context.dispose()
      this.#run = null
      this.#run = {
        key,
        context: await openRunContext(job.config, backend.kernels, {
          cacheFolder: job.cacheFolder,
          // One for each four cores of the worker, as in training: they work while it computes.
          pictureThreads: { threadUrl: loaderThreadUrl, threads: chooseLoaderThreads(threads) },
        }),
      }
    }
    return this.#run.context
  }
}
