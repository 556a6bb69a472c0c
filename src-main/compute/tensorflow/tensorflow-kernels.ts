import { BATCH_NORM_EPSILON } from '../kernels.ts'
import type { BatchNormTrained, Handle, Kernels, Shape, Variable } from '../kernels.ts'
import { createAttributes } from './attributes.ts'
import type { Attribute, TensorflowBinding } from './load-binding.ts'

/** Enough for every tensor's own Adam step count within one update of a sub-network. */
const RECENT_SCALARS = 256

let variableCount = 0

/** Kernels on libtensorflow's eager operations: one binding call per operation, resource variables for everything trained. */
export function createTensorflowKernels(binding: TensorflowBinding, device: string): Kernels {
  const { TF_FLOAT: F, TF_INT32: I } = binding
  const attributes = createAttributes(binding, BATCH_NORM_EPSILON)
  const upload = (values: Float32Array | Int32Array, shape: Shape): Handle =>
    binding.createTensor(shape, values instanceof Int32Array ? I : F, values) as Handle
  const release = (tensor: Handle): void => binding.deleteTensor(tensor)
  const run = (name: string, attrs: readonly Attribute[], inputs: readonly number[], outputs: number): Handle[] =>
    binding.executeOp(name, attrs, inputs, outputs).map((output) => output.id as Handle)
  const one = (name: string, attrs: readonly Attribute[], inputs: readonly number[]): Handle => {
    const [output] = binding.executeOp(name, attrs, inputs, 1)
    if (output === undefined) {
      throw new Error(`${name} returned nothing`)
    }
    return output.id as Handle
  }

  // Shapes and scalars recur every step; they are uploaded once and kept for the life of the process.
  const shapeTensor = cached((key: string) => {
    const dims = key === '' ? [] : key.split(',').map(Number)
    return upload(Int32Array.from(dims), [dims.length])
  })
  const shapeOf = (shape: Shape): Handle => shapeTensor(shape.join(','))
  const scalar = cached((value: number) => upload(Float32Array.of(value), []))
  // Learning rates and bias corrections change with every update: only the latest few stay.
  const recentScalar = bounded(RECENT_SCALARS, (value: number) => upload(Float32Array.of(value), []), release)
  const intScalar = cached((value: number) => upload(Int32Array.of(value), []))
  const zeroStatistics = upload(new Float32Array(0), [0])

  const relu = (x: Handle, own: boolean): Handle => {
    const y = one('Relu', attributes.float, [x])
    if (own) {
      release(x)
    }
    return y
  }
  const sumAll = (tensors: readonly Handle[]): Handle =>
    tensors.length === 2
      ? one('AddV2', attributes.float, tensors)
      : one('AddN', attributes.addN(tensors.length), tensors)

  const slots: number[] = []
  const slotOf = (variable: Variable): number => {
    const slot = slots[variable.slot]
    if (slot === undefined) {
      throw new Error(`variable ${variable.slot} was released`)
    }
    return slot
  }
  const assign = (slot: number, values: Float32Array, shape: Shape): void => {
    const value = upload(values, shape)
    run('AssignVariableOp', attributes.variableType, [slot, value], 0)
    release(value)
  }

  return {
    name: 'tensorflow',
    version: binding.TF_Version,
    device,
    upload,
    release,
    download: (tensor) => Promise.resolve(binding.tensorDataSync(tensor)),
    downloadSync: (tensor) => binding.tensorDataSync(tensor),
    liveTensors: () => binding.getNumOfTensors(),

    createVariable(values, shape) {
      variableCount += 1
      const slot = one('VarHandleOp', attributes.handle(shape, `v${process.pid}_${variableCount}`), [])
      assign(slot, values, shape)
      slots.push(slot)
      return { shape, slot: slots.length - 1 }
    },
    readVariable: (variable) => one('ReadVariableOp', attributes.variableType, [slotOf(variable)]),
    assignVariable: (variable, values) => assign(slotOf(variable), values, variable.shape),
    releaseVariable(variable) {
      const slot = slotOf(variable)
      run('DestroyResourceOp', [], [slot], 0)
      binding.deleteTensor(slot)
      delete slots[variable.slot]
    },

    conv2d: (x, _xShape, w, wShape, stride) => one('Conv2D', attributes.conv(wShape[0] ?? 1, stride), [x, w]),
    conv2dInputGradient: (dy, _dyShape, w, wShape, xShape, stride) =>
      one('Conv2DBackpropInput', attributes.conv(wShape[0] ?? 1, stride), [shapeOf(xShape), w, dy]),
    conv2dFilterGradient: (x, _xShape, dy, _dyShape, wShape, stride) =>
      one('Conv2DBackpropFilter', attributes.conv(wShape[0] ?? 1, stride), [x, shapeOf(wShape), dy]),

    biasAdd: (x, bias) => one('BiasAdd', attributes.nhwc, [x, bias]),
    biasGradient: (dy) => one('BiasAddGrad', attributes.nhwc, [dy]),

    batchNormTrain(x, _shape, gamma, beta, runningMean, runningVariance, momentum, withRelu): BatchNormTrained {
      // With momentum 1 TensorFlow wants empty running values; the batch statistics come out unmixed.
      const isMixed = momentum !== 1
      const outputs = run(
        'FusedBatchNormV3',
        attributes.batchNormTrain(momentum),
        [x, gamma, beta, isMixed ? runningMean : zeroStatistics, isMixed ? runningVariance : zeroStatistics],
        6,
      )
      const [y, mean, variance, ...saved] = outputs
      if (y === undefined || mean === undefined || variance === undefined) {
        throw new Error('FusedBatchNormV3 returned fewer outputs than declared')
      }
      return { y: withRelu ? relu(y, true) : y, runningMean: mean, runningVariance: variance, saved }
    },
    batchNormGradient(dy, x, y, gamma, saved, withRelu) {
      const inner = withRelu ? one('ReluGrad', attributes.float, [dy, y]) : dy
      const [dx, dGamma, dBeta, ...rest] = run(
        'FusedBatchNormGradV3',
        attributes.batchNormGradient,
        [inner, x, gamma, ...saved],
        5,
      )
      rest.forEach(release)
      if (withRelu) {
        release(inner)
      }
      if (dx === undefined || dGamma === undefined || dBeta === undefined) {
        throw new Error('FusedBatchNormGradV3 returned fewer outputs than declared')
      }
      return [dx, dGamma, dBeta]
    },
    batchNormInference(x, gamma, beta, mean, variance, withRelu) {
      const [y, ...rest] = run('FusedBatchNormV3', attributes.batchNormInference, [x, gamma, beta, mean, variance], 6)
      rest.forEach(release)
      if (y === undefined) {
        throw new Error('FusedBatchNormV3 returned nothing')
      }
      return withRelu ? relu(y, true) : y
    },

    add: (tensors) =>
      tensors.length === 1 ? one('Identity', attributes.float, tensors) : sumAll(tensors),
    addRelu(tensors) {
      const [first] = tensors
      if (first !== undefined && tensors.length === 1) {
        return relu(first, false)
      }
      return relu(sumAll(tensors), true)
    },
    reluGradient: (dy, y) => one('ReluGrad', attributes.float, [dy, y]),
    sub: (a, b) => one('Sub', attributes.float, [a, b]),
    mul: (a, b) => one('Mul', attributes.float, [a, b]),
    scale: (x, factor) => one('Mul', attributes.float, [x, scalar(factor)]),
    sumOfSquares(x) {
      const half = one('L2Loss', attributes.float, [x])
      const full = one('Mul', attributes.float, [half, scalar(2)])
      release(half)
      return full
    },
    sum: (x) => one('Sum', attributes.reduce, [x, shapeOf([0])]),

    upsampleNearest: (x, shape, factor) =>
      one('ResizeNearestNeighbor', attributes.resizeNearest, [
        x,
        shapeOf([(shape[1] ?? 0) * factor, (shape[2] ?? 0) * factor]),
      ]),
    upsampleNearestGradient(dy, _dyShape, factor) {
      // The sum over a factor x factor block, as mean times count: TensorFlow's own gradient kernel is a scalar loop.
      const mean = one('AvgPool', attributes.pool(factor), [dy])
      const sum = one('Mul', attributes.float, [mean, scalar(factor * factor)])
      release(mean)
      return sum
    },
    resizeBilinear: (x, _shape, height, width) =>
      one('ResizeBilinear', attributes.resizeBilinear, [x, shapeOf([height, width])]),
    resizeBilinearGradient: (dy, x) => one('ResizeBilinearGrad', attributes.resizeBilinear, [dy, x]),

    concat: (tensors) => one('ConcatV2', attributes.concat(tensors.length), [...tensors, intScalar(3)]),
    sliceChannels: (x, _shape, begin, size) =>
      one('Slice', attributes.slice, [x, shapeOf([0, 0, 0, begin]), shapeOf([-1, -1, -1, size])]),
    reshape: (x, shape) => one('Reshape', attributes.reshape, [x, shapeOf(shape)]),
    flipWidth: (x) => one('ReverseV2', attributes.reverse, [x, shapeOf([2])]),

    softmaxCrossEntropy(logits, labels) {
      const [loss, backprop] = run('SparseSoftmaxCrossEntropyWithLogits', attributes.crossEntropy, [logits, labels], 2)
      if (loss === undefined || backprop === undefined) {
        throw new Error('SparseSoftmaxCrossEntropyWithLogits returned fewer outputs than declared')
      }
      return [loss, backprop]
    },
    argMaxChannels(x) {
      const index = one('ArgMax', attributes.argMax, [x, intScalar(3)])
      const asFloat = one('Cast', attributes.castIntToFloat, [index])
      release(index)
      return asFloat
    },

    applyAdam(variable, m, v, gradient, { learningRate, beta1, beta2, epsilon, step }) {
      const correction2 = 1 - beta2 ** step
      // TensorFlow adds eps to the uncorrected root; scaled by the correction it equals PyTorch's (method.md 5.4).
      const scaledEpsilon = epsilon * Math.sqrt(correction2)
      run(
        'ResourceApplyAdam',
        attributes.adam,
        [
          slotOf(variable),
          slotOf(m),
          slotOf(v),
          recentScalar(beta1 ** step),
          recentScalar(beta2 ** step),
          recentScalar(learningRate),
          scalar(beta1),
          scalar(beta2),
          recentScalar(scaledEpsilon),
          gradient,
        ],
        0,
      )
    },
    applyMomentum(variable, buffer, gradient, { learningRate, momentum, weightDecay }) {
      const decayed = weightDecay === 0 ? gradient : addDecay(variable, gradient, weightDecay)
      run(
        'ResourceApplyMomentum',
        attributes.momentum,
        [slotOf(variable), slotOf(buffer), recentScalar(learningRate), decayed, scalar(momentum)],
        0,
      )
      if (decayed !== gradient) {
        release(decayed)
      }
    },
  }

  function addDecay(variable: Variable, gradient: Handle, weightDecay: number): Handle {
    const value = one('ReadVariableOp', attributes.variableType, [slotOf(variable)])
    const decay = one('Mul', attributes.float, [value, scalar(weightDecay)])
    const sum = one('AddV2', attributes.float, [gradient, decay])
    // Released before the update: a live read makes TensorFlow copy the whole variable.
    release(value)
    release(decay)
    return sum
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

/** A cache that forgets the entry unused for longest when it would hold more than `capacity`. */
function bounded<K, V>(capacity: number, make: (key: K) => V, drop: (value: V) => void): (key: K) => V {
  const known = new Map<K, V>()
  return (key) => {
    const hit = known.get(key)
    if (hit !== undefined) {
      // To the young end: an entry that one call uses twice must not fall out between the two.
      known.delete(key)
      known.set(key, hit)
      return hit
    }
    if (known.size >= capacity) {
      const oldest = known.entries().next().value
      if (oldest !== undefined) {
        known.delete(oldest[0])
        drop(oldest[1])
      }
    }
    const value = make(key)
    known.set(key, value)
    return value
  }
}
