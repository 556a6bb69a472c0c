import { BACKENDS, isUsualAbsence } from '../../contract/index.ts'
import type {
  BackendName,
  BackendRefusal,
  DoctorCheck,
  RefusalCode,
  WorkerReady,
} from '../../contract/index.ts'
import { toRefusal } from '../executors/backend-refused.ts'
import type { Executor } from '../executors/executor.ts'

/** What the worker said that opened it, or why it could not. */
export type TriedBackend =
  | {
      readonly backend: BackendName
      readonly facts: Pick<WorkerReady, 'backendVersion' | 'device' | 'selfTested'>
    }
  | BackendRefusal

type OpenedBackend = Extract<TriedBackend, { readonly facts: unknown }>

export const BACKEND_TITLES: Readonly<Record<BackendName, string>> = {
  ...{ tensorflow: 'TensorFlow', webgpu: 'WebGPU', wasm: 'WebAssembly' },
}

/** Opens every backend in a worker of its own, one after another, so that each passes or fails its self-test by itself. */
export async function tryBackends(executor: Pick<Executor, 'probe'>): Promise<readonly TriedBackend[]> {
  const tried: TriedBackend[] = []
  // The preferred one last: the status bar names the backend of the newest worker.
  for (const backend of BACKENDS.toReversed()) {
    tried.push(
      await executor.probe(backend).then(
        (facts) => ({ backend, facts }),
        (thrown: unknown) => toRefusal(thrown, backend),
      ),
    )
  }
  return tried.toReversed()
}

/** A line for each backend, and which of them is taken. */
export function describeBackends(tried: readonly TriedBackend[]): DoctorCheck[] {
  const first = tried.find((one) => 'facts' in one)
  return [describeDefault(first), ...tried.map(describeOne), describeGpu(first)]
}

function describeDefault(first: OpenedBackend | undefined): DoctorCheck {
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

function describeOne(one: TriedBackend): DoctorCheck {
  const { backend } = one
  const name = BACKEND_TITLES[backend]
  if ('facts' in one) {
    const { backendVersion, device } = one.facts
    const where = backend === 'webgpu' ? `package ${backendVersion}, adapter` : `${backendVersion} on`
    const detail = `${where} ${device}, passed its self-test; compute.backend=${backend} asks for it`
    return { name, status: 'passed', detail, remedy: null }
  }
  // Most machines have no GPU that computes; that is no defect.
  return isUsualAbsence(one)
    ? { name, status: 'passed', detail: `off: ${one.reason}`, remedy: null }
    : { name, status: 'warned', detail: `refused: ${one.reason}`, remedy: remedyOf(one) }
}

function remedyOf({ backend, code }: BackendRefusal): string {
  if (backend === 'webgpu') {
    return 'The other backends compute without it; docs/gpu.md says what it needs.'
  }
  return NO_FAULT_OF_SETUP.includes(code)
    ? 'compute.backend=auto goes on with the backends that passed.'
    : 'Run "npm run setup".'
}
/** A library that is there and computes wrong numbers, or ends the process that loads it, is not mended by installing it again. */
const NO_FAULT_OF_SETUP: readonly RefusalCode[] = ['self-test-failed', 'no-answer']

function describeGpu(first: OpenedBackend | undefined): DoctorCheck {
  const device = first?.facts.device ?? ''
  const hasGpu = first?.backend === 'webgpu' || /gpu|cuda/i.test(device)
  const detail = hasGpu ? device : 'none in use, the CPU computes'
  return { name: 'GPU', status: 'passed', detail, remedy: null }
}
