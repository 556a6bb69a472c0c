import type { Kernels } from '../kernels.ts'
import { createBatchNorms } from './batch-norm.ts'
import { createConvolutions } from './convolutions.ts'
import { createElementwise } from './elementwise.ts'
import type { TensorflowBinding } from './load-binding.ts'
import { NO_FUSED_OPERATIONS, probeFusedOperations } from './fused-operations.ts'
import { createRuntime } from './runtime.ts'
import { createShapes } from './shapes.ts'
import { createVariables } from './variables.ts'

/** Kernels on libtensorflow's eager operations: one binding call per operation, resource variables for everything trained. */
export function createTensorflowKernels(binding: TensorflowBinding, device: string): Kernels {
  const runtime = createRuntime(binding)
  const isCpu = device === 'cpu'
  // The fused operations have no kernel on a GPU.
  const fused = isCpu ? probeFusedOperations(runtime) : NO_FUSED_OPERATIONS
  return {
    name: 'tensorflow',
    version: binding.TF_Version,
    device,
    upload: runtime.upload,
    release: runtime.release,
    download: (tensor) => Promise.resolve(binding.tensorDataSync(tensor)),
    downloadSync: (tensor) => binding.tensorDataSync(tensor),
    liveTensors: () => binding.getNumOfTensors(),
    backendBytes: () => null,
    ...createVariables(runtime),
    ...createConvolutions(runtime, fused, isCpu),
    ...createBatchNorms(runtime, fused),
    ...createElementwise(runtime),
    ...createShapes(runtime),
  }
}
