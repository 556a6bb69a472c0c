import { writeFile } from 'node:fs/promises'
import { performance } from 'node:perf_hooks'
import type { Kernels } from '../../compute/kernels.ts'
import { openProfiledTensorflow } from '../../compute/choose-backend.ts'
import { EngineError } from '../../contract/index.ts'
import type {
  BenchJob,
  BenchProfile,
  BenchResult,
  BenchTraceJob,
  BenchTraceResult,
} from '../../contract/index.ts'
import type { Batch } from '../../datasets/batch.ts'
import { encodeSafetensors } from '../../supernet/safetensors.ts'
import type { HostTensor } from '../../supernet/weights.ts'
import { openBenchSubject, repeatWork } from '../bench/bench-subject.ts'
import type { BenchSubject } from '../bench/bench-subject.ts'
import { readPeakMemory, resetPeakMemory } from '../bench/peak-memory.ts'
import { breathe } from '../worker-services.ts'
import type { JobContext } from '../worker-services.ts'

/** The first repetitions allocate, and compile kernels for the shapes. */
const WARM_UP_REPETITIONS = 2
/** The bench's own clock reads in milliseconds with microseconds behind the point. */
const now = (): number => performance.now()
/** Processor time of all threads of this process. */
const cpuNow = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Keeps the network of a worker's bench jobs, so that their repetitions can alternate with those of other workers. */
export class BenchRunner {
  readonly #kernels: Kernels
  #opened: { readonly key: string; readonly subject: BenchSubject } | null = null

  constructor(kernels: Kernels) {
    this.#kernels = kernels
  }

  async run(job: BenchJob, context: JobContext): Promise<BenchResult> {
    const subject = this.#open(job)
    const milliseconds: number[] = []
    const started = now()
    while (milliseconds.length < job.leastRepetitions || now() - started < job.budgetMs) {
      if (context.isStopping()) {
        throw new EngineError('STOPPED', 'Stopped on request.')
      }
      const clock = job.clock === 'cpu' ? cpuNow : now
      const begin = clock()
      repeatWork(subject, job.work)
      milliseconds.push(clock() - begin)
      await breathe()
    }
    return {
      milliseconds,
      peakMemoryBytes: readPeakMemory(),
      profile: job.profiles ? profile(job, this.#kernels) : null,
    }
  }

  close(): void {
    this.#opened?.subject.dispose()
    this.#opened = null
  }

  #open(job: BenchJob): BenchSubject {
    const { config, outputs, subnet, batch, work } = job
    const key = JSON.stringify({ config, outputs, subnet, batch, work })
    if (this.#opened?.key === key) {
      return this.#opened.subject
    }
    this.close()
    const subject = openBenchSubject(this.#kernels, job)
    this.#opened = { key, subject }
    resetPeakMemory()
    for (let repetition = 0; repetition < WARM_UP_REPETITIONS; repetition++) {
      repeatWork(subject, work)
    }
    return subject
  }
}

/** One repetition on kernels whose native calls are timed; they share context and threads with the worker's own. */
function profile(job: BenchJob, { name, device }: Kernels): BenchProfile | null {
  if (name !== 'tensorflow') {
    return null
  }
  const { kernels, times } = openProfiledTensorflow(device, now)
  const subject = openBenchSubject(kernels, job)
  try {
    for (let repetition = 0; repetition < WARM_UP_REPETITIONS; repetition++) {
      repeatWork(subject, job.work)
    }
    times.reset()
    const started = now()
    repeatWork(subject, job.work)
    const milliseconds = now() - started
    const operations = [...times.calls]
      .map(([operation, spent]) => ({ name: operation, ...spent }))
      .toSorted((a, b) => b.milliseconds - a.milliseconds)
    const inside = operations.reduce((sum, operation) => sum + operation.milliseconds, 0)
    return { milliseconds, hostMilliseconds: milliseconds - inside, operations }
  } finally {
    subject.dispose()
  }
}

/** Writes weights and batch of a bench network and follows its first steps. */
export async function runBenchTraceJob(job: BenchTraceJob, kernels: Kernels): Promise<BenchTraceResult> {
  const subject = openBenchSubject(kernels, job)
  try {
    if (job.file !== null) {
      const batch = batchTensors(subject.batch, job)
      await writeFile(job.file, encodeSafetensors(new Map([...subject.weights, ...batch])))
    }
    const output = subject.infer()
    const losses: number[] = []
    let nextOutput = output
    for (let step = 0; step < job.steps; step++) {
      losses.push(subject.step())
      if (step === 0) {
        nextOutput = subject.infer()
      }
    }
    return { output, nextOutput, losses }
  } finally {
    subject.dispose()
  }
}

/** In the layout of the batch: channels last. */
function batchTensors(batch: Batch, { config, outputs }: BenchTraceJob): [string, HostTensor][] {
  const { size } = batch
  const pixels = batch.input.length / (size * 3)
  const tensor = (values: ArrayLike<number>, shape: readonly number[]): HostTensor => ({
    shape,
    values: Float32Array.from(values),
  })
  const input: [string, HostTensor] = ['bench.input', tensor(batch.input, [size, pixels, 3])]
  if (batch.kind === 'segmentation') {
    return [input, ['bench.labels', tensor(batch.labels, [size, pixels])]]
  }
  if (batch.kind === 'bottom-up-pose') {
    throw new EngineError(
      'BAD_REQUEST',
      'Networks with two outputs cannot be traced yet; take pose or segmentation.',
    )
  }
  const { inputHeight, inputWidth } = config.network
  return [
    input,
    ['bench.target', tensor(batch.target, [size, inputHeight / 4, inputWidth / 4, outputs])],
    ['bench.weights', tensor(batch.weights, [size, outputs])],
  ]
}
