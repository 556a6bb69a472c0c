import type { Kernels } from '../../src-main/compute/kernels.ts'
import { loadTensorflowBinding } from '../../src-main/compute/tensorflow/load-binding.ts'
import { createTensorflowKernels } from '../../src-main/compute/tensorflow/tensorflow-kernels.ts'

let known: Kernels | null | undefined

/** The native kernels, or null where the native part is not set up: tests that need it then skip by name. */
export function nativeKernels(): Kernels | null {
  if (known === undefined) {
    try {
      process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2'
      known = createTensorflowKernels(loadTensorflowBinding().binding, 'cpu')
    } catch {
      known = null
    }
  }
  return known
}
