import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { BackendError, reasonOf } from '../backend-error.ts'

/** The part of the tfjs-node N-API binding that we call. One call is one TensorFlow eager operation. */
export interface TensorflowBinding {
  readonly TF_FLOAT: number
  readonly TF_INT32: number
  readonly TF_ATTR_STRING: number
  readonly TF_ATTR_INT: number
  readonly TF_ATTR_FLOAT: number
  readonly TF_ATTR_BOOL: number
  readonly TF_ATTR_TYPE: number
  readonly TF_ATTR_SHAPE: number
  readonly TF_Version: string
  createTensor(shape: readonly number[], dtype: number, values: ArrayBufferView): number
  deleteTensor(id: number): void
  tensorDataSync(id: number): Float32Array
  executeOp(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ): readonly TensorMetadata[]
  getNumOfTensors(): number
  isUsingGpuDevice(): boolean
}

export interface Attribute {
  readonly name: string
  readonly type: number
  readonly value: string | number | boolean | readonly number[]
}

export interface TensorMetadata {
  readonly id: number
  readonly shape: readonly number[]
  readonly dtype: number
}

const PACKAGES = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'] as const

/**
 * Opens the native binding without tfjs-node's own JavaScript: our tape calls it directly, so tfjs's engine, its gradients and
 * its 0.5 s of start-up are not needed (measured in the compute notes: own tape 13 % faster than tfjs's with the same operations).
 *
 * @throws BackendError when no package has a built binding, or the built one does not load.
 */
export function loadTensorflowBinding(from: string = import.meta.url): {
  binding: TensorflowBinding
  packageName: string
} {
  const require = createRequire(from)
  const reasons: string[] = []
  let isInstalled = false
  for (const packageName of PACKAGES) {
    const file = bindingFile(require, packageName)
    if (file === null) {
      reasons.push(`${packageName} is not installed`)
    } else if (!existsSync(file)) {
      isInstalled = true
      reasons.push(`${packageName} has no native part yet (npm run setup)`)
    } else {
      // The addon is a plain object of functions; its shape is fixed by the binding's C++ source.
      return { binding: requireNative(require, file) as TensorflowBinding, packageName }
    }
  }
  throw new BackendError(isInstalled ? 'no-native-part' : 'not-installed', reasons.join('; '))
}

function requireNative(require: NodeJS.Require, file: string): unknown {
  try {
    return require(file)
  } catch (thrown) {
    throw new BackendError('does-not-load', reasonOf(thrown))
  }
}

function bindingFile(require: NodeJS.Require, packageName: string): string | null {
  try {
    return join(dirname(require.resolve(`${packageName}/package.json`)), 'lib/napi-v8/tfjs_binding.node')
  } catch {
    // Not installed: the caller reports it by name.
    return null
  }
}
