import { BATCH_NORM_EPSILON } from '../kernels.ts'
import type { Handle, Shape } from '../kernels.ts'
import { createAttributes } from './attributes.ts'
import type { OperationAttributes } from './attributes.ts'
import type { Attribute, TensorflowBinding } from './load-binding.ts'
import { recentlyUsed } from './recently-used.ts'

/** Calls of the binding with our handles, and the constants that recur. */
export interface TensorflowRuntime {
  readonly binding: TensorflowBinding
  readonly attributes: OperationAttributes
  readonly upload: (values: Float32Array | Int32Array, shape: Shape) => Handle
  readonly release: (tensor: Handle) => void
  readonly run: (
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly number[],
    outputs: number,
  ) => Handle[]
  /** An operation with one output. */
  readonly one: (name: string, attributes: readonly Attribute[], inputs: readonly number[]) => Handle
  /** int32 vector of a shape or a list of indices; kept for ever. */
  readonly shapeOf: (shape: Shape) => Handle
  /** int32 tensor of few values; kept for ever. */
  readonly intTensor: (values: readonly number[], shape: Shape) => Handle
  /** float32 scalar; kept for ever, so only for values that are few. */
  readonly scalar: (value: number) => Handle
  readonly intScalar: (value: number) => Handle
  /** float32 scalar that changes with every update; only the latest few stay. */
  readonly recentScalar: (value: number) => Handle
}

/** Enough for every tensor's own Adam step count within one update of a sub-network. */
const RECENT_SCALARS = 256

export function createRuntime(binding: TensorflowBinding): TensorflowRuntime {
  const { TF_FLOAT, TF_INT32 } = binding
  const upload = (values: Float32Array | Int32Array, shape: Shape): Handle =>
    binding.createTensor(shape, values instanceof Int32Array ? TF_INT32 : TF_FLOAT, values) as Handle
  const release = (tensor: Handle): void => {
    binding.deleteTensor(tensor)
  }
  const shapeTensor = cached((key: string) => {
    const dims = key === '' ? [] : key.split(',').map(Number)
    return upload(Int32Array.from(dims), [dims.length])
  })
  const intTensors = cached((key: string) => {
    const [values = [], shape = []] = key.split(';').map((list) => list.split(',').map(Number))
    return upload(Int32Array.from(values), shape)
  })
  return {
    binding,
    attributes: createAttributes(binding, BATCH_NORM_EPSILON),
    upload,
    release,
    run: (name, attributes, inputs, outputs) =>
      binding.executeOp(name, attributes, inputs, outputs).map((output) => output.id as Handle),
    one(name, attributes, inputs) {
      const [output] = binding.executeOp(name, attributes, inputs, 1)
      if (output === undefined) {
        throw new Error(`${name} returned nothing`)
      }
      return output.id as Handle
    },
    shapeOf: (shape) => shapeTensor(shape.join(',')),
    intTensor: (values, shape) => intTensors(`${values.join()};${shape.join()}`),
    scalar: cached((value: number) => upload(Float32Array.of(value), [])),
    intScalar: cached((value: number) => upload(Int32Array.of(value), [])),
    recentScalar: recentlyUsed(
      RECENT_SCALARS,
      (value: number) => upload(Float32Array.of(value), []),
      release,
    ),
  }
}

function cached<K, V>(make: (key: K) => V): (key: K) => V {
  const known = new Map<K, V>()
  return (key) => {
    let value = known.get(key)
    if (value === undefined) {
      value = make(key)
      known.set(key, value)
    }
    return value
  }
}
