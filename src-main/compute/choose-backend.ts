import { BACKENDS, describeRefusal } from '../contract/index.ts'
import type { BackendName, BackendRefusal, ComputeConfig } from '../contract/index.ts'
import { BackendError, reasonOf } from './backend-error.ts'
import type { Kernels } from './kernels.ts'
import { selfTest } from './self-test.ts'
import { loadTensorflowBinding } from './tensorflow/load-binding.ts'
import { profileBinding } from './tensorflow/profiled-binding.ts'
import type { CallTimes } from './tensorflow/profiled-binding.ts'
import { createTensorflowKernels } from './tensorflow/tensorflow-kernels.ts'
import { openWebgpu } from './webgpu/open-webgpu.ts'
import type { WebgpuEntries } from './webgpu/open-webgpu.ts'

export interface ChosenBackend {
  readonly kernels: Kernels
  /** Why the backends before it in the order of preference were not taken. */
  readonly refused: readonly BackendRefusal[]
}

/** None of the backends that were asked for can be used. */
export class NoBackendError extends Error {
  readonly refusals: readonly BackendRefusal[]

  constructor(refusals: readonly BackendRefusal[]) {
    super(`no usable compute backend: ${refusals.map(describeRefusal).join(' | ')}`)
    this.refusals = refusals
  }
}

/** Runs name what the calibration found to be the fastest. */
export type BackendWish = ComputeConfig['backend']

/**
 * Takes the first backend that loads and computes correctly: native TensorFlow (GPU if the library lists one), then a GPU through
 * WebGPU, then WebAssembly.
 *
 * @throws NoBackendError with every reason when none is left.
 */
export async function chooseBackend(wish: BackendWish, entries: WebgpuEntries): Promise<ChosenBackend> {
  const refused: BackendRefusal[] = []
  for (const name of wish === 'auto' ? BACKENDS : [wish]) {
    try {
      const kernels = await open(name, entries)
      const problems = selfTest(kernels)
      if (problems.length === 0) {
        return { kernels, refused }
      }
      const reason = `self-test failed: ${problems.join('; ')}`
      refused.push({ backend: name, code: 'self-test-failed', reason })
    } catch (thrown) {
      refused.push(toRefusal(name, thrown))
    }
  }
  throw new NoBackendError(refused)
}

function toRefusal(backend: BackendName, thrown: unknown): BackendRefusal {
  return {
    backend,
    code: thrown instanceof BackendError ? thrown.code : 'does-not-load',
    reason: reasonOf(thrown).replaceAll(/\s*\n\s*/g, ' '),
  }
}

async function open(name: Kernels['name'], entries: WebgpuEntries): Promise<Kernels> {
  switch (name) {
    case 'tensorflow':
      return openTensorflow()
    case 'webgpu':
      return openWebgpu(entries)
    case 'wasm':
      return openWasm()
    default:
      return name satisfies never
  }
}

function openTensorflow(): Kernels {
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'
  // Without this a GPU build takes all device memory at once.
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true'
  const { binding } = loadTensorflowBinding()
  return createTensorflowKernels(binding, binding.isUsingGpuDevice() ? 'gpu' : 'cpu')
}

/**
 * Native kernels whose calls are timed, beside those that the process has already: both share the library's one context.
 *
 * @throws Error when there is no native part.
 */
export function openProfiledTensorflow(
  device: string,
  now: () => number,
): { readonly kernels: Kernels; readonly times: CallTimes } {
  const { binding, times } = profileBinding(loadTensorflowBinding().binding, now)
  return { kernels: createTensorflowKernels(binding, device), times }
}

async function openWasm(): Promise<Kernels> {
  const { createWasmKernels } = await import('./wasm/wasm-kernels.ts')
  return createWasmKernels()
}
