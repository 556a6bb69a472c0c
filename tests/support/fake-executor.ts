import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EngineError } from '../../src-main/contract/index.ts'
import type {
  DatasetFacts,
  Job,
  JobResults,
  MetricPoint,
  WorkerReady,
} from '../../src-main/contract/index.ts'
import type { Executor, JobEvent, JobOptions } from '../../src-main/engine/executors/executor.ts'
import { FAKE_DATASET, fakeAccuracy, fakePictures, fakePrepareResult, fakeProtocol } from './fake-scores.ts'

const READY: WorkerReady = {
  kind: 'ready',
  backend: 'fake',
  backendVersion: '1',
  device: 'none',
  refused: [],
  threads: 1,
}

/** A worker in this process. `onStep` is called before every event and may throw, which is the worker's death at that point. */
export class FakeExecutor implements Executor {
  readonly jobs: Job[] = []
  /** Of each job, in the same order. */
  readonly options: JobOptions[] = []
  steps = 0
  readonly #onStep: (step: number, job: Job) => void | Promise<void>
  readonly #dataset: DatasetFacts

  constructor(
    onStep: (step: number, job: Job) => void | Promise<void> = () => undefined,
    dataset: DatasetFacts = FAKE_DATASET,
  ) {
    this.#onStep = onStep
    this.#dataset = dataset
  }

  async runJob<J extends Job>(job: J, options: JobOptions): Promise<JobResults[J['kind']]> {
    this.jobs.push(job)
    this.options.push(options)
    options.onReady?.(READY)
    return (await this.#run(job, options)) as JobResults[J['kind']]
  }

  probe(): Promise<WorkerReady> {
    return Promise.resolve(READY)
  }

  release(): Promise<void> {
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #emit(job: Job, { onEvent, signal }: JobOptions, event: JobEvent): Promise<void> {
    await Promise.resolve()
    if (signal?.aborted === true) {
      throw new EngineError('STOPPED', 'Stopped on request.')
    }
    this.steps += 1
    await this.#onStep(this.steps, job)
    onEvent(event)
  }

  async #run(job: Job, options: JobOptions): Promise<JobResults[Job['kind']]> {
    switch (job.kind) {
      case 'prepare':
        await this.#emit(job, options, { kind: 'progressed', jobId: '', done: 1, total: 1, note: 'read' })
        return { ...fakePrepareResult(job.runId), dataset: this.#dataset }
      case 'train':
        return this.#train(job, options)
      case 'evaluate':
        for (const candidate of job.candidates) {
          await this.#emit(job, options, {
            kind: 'candidate-evaluated',
            jobId: '',
            candidateId: candidate.candidateId,
            accuracy: fakeAccuracy(candidate),
            metrics: { loss: 1 },
            protocol: fakeProtocol(job.split),
            milliseconds: 5,
            pictures: fakePictures(candidate, job.split),
          })
        }
        return { evaluated: job.candidates.length, macs: 1, separateMacs: 1 }
      case 'predict':
        return {
          predictions: job.sampleIds.map((sampleId) => ({ kind: 'pose', sampleId, keypoints: [], pck: 0.5 })),
          problems: [],
        }
      case 'export':
      case 'forward':
      case 'predict-files':
      case 'bench':
      case 'bench-trace':
      case 'bench-loader':
      case 'bench-evaluation':
      case 'measure-loader':
        throw new EngineError('INTERNAL', 'the fake worker has no networks')
      case 'fine-tune':
        return this.#fineTune(job, options)
      case 'preflight':
        return this.#preflight(job, options)
      case 'inspect-dataset':
        if (job.format === 'camvid') {
          throw new EngineError('DATASET', `${job.path} has no train/images`)
        }
        return { dataset: { ...FAKE_DATASET, path: job.path } }
    }
  }

  async #preflight(
    job: Extract<Job, { kind: 'preflight' }>,
    options: JobOptions,
  ): Promise<JobResults['preflight']> {
    for (const status of ['running', 'passed'] as const) {
      const check = { name: 'Read one batch', status, detail: '', milliseconds: 3, field: null }
      await this.#emit(job, options, { kind: 'check-finished', jobId: '', check })
    }
    return {
      ...{ iterationMsSmallest: 10, iterationMsLargest: 20, evaluationMs: 30, peakMemoryBytes: 1 },
      ...{ iterationsTeacher: 100, iterationsSupernet: 100, dataset: FAKE_DATASET },
    }
  }

  /** Two steps, then a result that no file backs. */
  async #fineTune(
    job: Extract<Job, { kind: 'fine-tune' }>,
    options: JobOptions,
  ): Promise<JobResults['fine-tune']> {
    for (const done of [1, 2]) {
      await this.#emit(job, options, { kind: 'progressed', jobId: '', done, total: 2, note: `epoch ${done}` })
    }
    const { candidate, stages, outputFolder: folder } = job
    return {
      ...{ candidateId: candidate.id, genotypeId: candidate.genotypeId, folder, files: [] },
      ...{
        metricName: 'fake',
        samples: { search: 4, report: 4 },
        batch: 2,
        stages,
        bestEpoch: 1,
        epochs: [],
      },
      ...{ inherited: { search: 0.5, report: 0.4 }, fineTuned: { search: 0.6, report: 0.5 } },
    }
  }

  async #train(job: Extract<Job, { kind: 'train' }>, options: JobOptions): Promise<JobResults['train']> {
    const { phase, attempt } = job
    for (let iteration = 1; iteration <= 3; iteration += 1) {
      const point = { ...METRIC, phase, attempt, iteration, epoch: iteration / 3 }
      await this.#emit(job, options, { kind: 'metrics-recorded', jobId: '', points: [point] })
      await this.#emit(job, options, {
        kind: 'progressed',
        jobId: '',
        done: iteration,
        total: 3,
        note: phase,
      })
    }
    const file = `checkpoints/${phase}-3.safetensors`
    mkdirSync(join(job.runFolder, 'checkpoints'), { recursive: true })
    writeFileSync(join(job.runFolder, file), 'weights')
    await this.#emit(job, options, {
      kind: 'checkpoint-written',
      jobId: '',
      phase,
      iteration: 3,
      bytes: 9,
      file,
      weightsSha256: `weights of ${phase}`,
      optimizerSha256: `optimizer of ${phase}`,
    })
    return { iterations: 3, finalLoss: 0.5 }
  }
}

const METRIC: MetricPoint = {
  phase: 'teacher',
  attempt: 1,
  iteration: 0,
  epoch: 0,
  turn: 0,
  loss: 1,
  taskLoss: 1,
  distillationLoss: 0,
  learningRate: 0.001,
  imagesPerSecond: 10,
  loaderWait: 0,
  residentBytes: 1,
  backendBytes: null,
}
