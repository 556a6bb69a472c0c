import { BACKENDS } from '../../contract/index.ts'
import type { BackendName, DoctorCheck, WorkerReady } from '../../contract/index.ts'
import { toEngineError } from '../../store/storage-error.ts'
import type { Executor } from '../executors/executor.ts'

export interface TriedBackend {
  readonly backend: BackendName
  /** What the worker said that opened it, or why it could not. */
  readonly answer: Pick<WorkerReady, 'backendVersion' | 'device'> | string
}

const TITLES: Readonly<Record<BackendName, string>> = {
  ...{ tensorflow: 'TensorFlow', webgpu: 'WebGPU', wasm: 'WebAssembly' },
}

/** Opens every backend in a worker of its own, one after another, so that each passes or fails its self-test by itself. */
export async function tryBackends(executor: Pick<Executor, 'probe'>): Promise<readonly TriedBackend[]> {
  const tried: TriedBackend[] = []
  // The preferred one last: the status bar names the backend of the newest worker.
  for (const backend of BACKENDS.toReversed()) {
    const answer = await executor
      .probe(backend)
      .catch((thrown: unknown) => refusalOf(toEngineError(thrown).message, backend))
    tried.push({ backend, answer })
  }
  return tried.toReversed()
}

/** The reason alone: the sentence of a worker's death says what is asked for and what to do as well. */
export function refusalOf(message: string, backend: BackendName): string {
  const reason = new RegExp(`${backend}: (.*?)\\. (?:docs/gpu\\.md|Run "npm)`, 's').exec(message)
  return reason?.[1] ?? message
}

/** A line for each backend, and which of them is taken. */
export function describeBackends(tried: readonly TriedBackend[]): DoctorCheck[] {
  const first = tried.find(({ answer }) => typeof answer !== 'string')
  return [describeDefault(first), ...tried.map(describeOne), describeGpu(first)]
}

function describeDefault(first: TriedBackend | undefined): DoctorCheck {
  const name = 'Backend'
  if (first === undefined) {
    return { name, status: 'failed', detail: 'none computes', remedy: 'Run "npm run setup".' }
  }
  const isSlow = first.backend === 'wasm'
  return {
    name,
    status: isSlow ? 'warned' : 'passed',
    detail:
      `${first.backend} is taken where nothing is measured (predict, forward); ` +
      'a run with compute.backend=auto takes the fastest by its calibration, the micro presets name wasm',
    remedy: isSlow
      ? 'Training takes several times as long. Run "npm run setup" for native TensorFlow.'
      : null,
  }
}

function describeOne({ backend, answer }: TriedBackend): DoctorCheck {
  const name = TITLES[backend]
  if (typeof answer !== 'string') {
    const where =
      backend === 'webgpu' ? `package ${answer.backendVersion}, adapter` : `${answer.backendVersion} on`
    const detail = `${where} ${answer.device}, passed its self-test; compute.backend=${backend} asks for it`
    return { name, status: 'passed', detail, remedy: null }
  }
  // Most machines have no GPU that computes; that is no defect.
  return backend === 'webgpu'
    ? { name, status: 'passed', detail: `off: ${answer}`, remedy: null }
    : { name, status: 'warned', detail: `refused: ${answer}`, remedy: 'Run "npm run setup".' }
}

function describeGpu(first: TriedBackend | undefined): DoctorCheck {
  const device = typeof first?.answer === 'object' ? first.answer.device : ''
  const hasGpu = first?.backend === 'webgpu' || /gpu|cuda/i.test(device)
  const detail = hasGpu ? device : 'none in use, the CPU computes'
  return { name: 'GPU', status: 'passed', detail, remedy: null }
}
