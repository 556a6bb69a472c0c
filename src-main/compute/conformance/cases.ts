import { BATCH_NORM_EPSILON } from '../kernels.ts'
import type { Handle, Kernels, Shape } from '../kernels.ts'
import * as reference from './reference.ts'
import type { KernelShape, Shape4 } from './reference.ts'

/** One check of one primitive: runs it on the backend and says how far it is from the float64 loops. */
export interface ConformanceCase {
  readonly name: string
  /** True for the handful that run at every start; the whole set runs in the tests. */
  readonly isQuick: boolean
  /** Largest allowed relative error: max |got - want| / max |want|. */
  readonly tolerance: number
  run(kernels: Kernels): number
}

/**
 * float32 sums of up to some hundred products: a few units in the last place of the largest term. Fused kernels reorder sums, so
 * 2e-5 leaves a factor of ten over what was measured on the native backend (2e-6).
 */
const TOLERANCE = 2e-5

type ConvSpec = readonly [n: number, h: number, w: number, ci: number, co: number, k: 1 | 3, stride: number]

const CONVOLUTIONS: readonly ConvSpec[] = [
  [2, 6, 8, 5, 7, 3, 1],
  [1, 8, 6, 4, 8, 3, 2],
  [2, 4, 6, 7, 4, 1, 1],
  [3, 9, 7, 3, 6, 3, 1],
  [2, 9, 7, 3, 6, 3, 2],
  [1, 1, 1, 16, 8, 3, 1],
  [1, 2, 2, 8, 8, 3, 2],
  [2, 16, 12, 8, 8, 3, 1],
  [1, 16, 16, 3, 16, 3, 2],
  [4, 4, 4, 32, 16, 1, 1],
]

export function conformanceCases(): readonly ConformanceCase[] {
  return [
    ...CONVOLUTIONS.flatMap((spec, i) => convCases(spec, i < 3)),
    ...[false, true].flatMap((relu) => [normCase([3, 4, 5, 6], relu, true), normCase([2, 2, 3, 9], relu, false)]),
    normInferenceCase(),
    ...[2, 4, 8].flatMap((factor) => nearestCases(factor, factor === 2)),
    ...bilinearCases([1, 3, 5, 4], 12, 20, true),
    ...bilinearCases([2, 4, 6, 3], 7, 9, false),
    ...elementwiseCases(),
    crossEntropyCase(),
    adamCase(),
    momentumCase(),
  ]
}

/** Deterministic values in [-1, 1), exact in float32. */
function values(count: number, seed: number): Float64Array {
  let state = (seed * 2654435761) >>> 0
  return Float64Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.fround(state / 2 ** 31 - 1)
  })
}

const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1)

export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) {
    return Number.POSITIVE_INFINITY
  }
  let difference = 0
  let largest = 0
  for (let i = 0; i < want.length; i++) {
    const delta = Math.abs(reference.at(got, i) - reference.at(want, i))
    // NaN must not pass as "no difference".
    difference = Number.isNaN(delta) ? Number.POSITIVE_INFINITY : Math.max(difference, delta)
    largest = Math.max(largest, Math.abs(reference.at(want, i)))
  }
  return difference / (largest === 0 ? 1 : largest)
}

/** Uploads inputs, runs, downloads and releases everything; returns the results in order. */
function withTensors(
  kernels: Kernels,
  inputs: readonly (readonly [Float64Array | Int32Array, Shape])[],
  run: (handles: readonly Handle[]) => readonly Handle[],
): Float32Array[] {
  const handles = inputs.map(([data, shape]) =>
    kernels.upload(data instanceof Int32Array ? data : Float32Array.from(data), shape),
  )
  const outputs = run(handles)
  const results = outputs.map((output) => kernels.downloadSync(output))
  ;[...handles, ...outputs].forEach((handle) => {
    kernels.release(handle)
  })
  return results
}

const pick = (handles: readonly Handle[], i: number): Handle => {
  const handle = handles[i]
  if (handle === undefined) {
    throw new RangeError(`no tensor ${i}`)
  }
  return handle
}

const worst = (got: readonly Float32Array[], want: readonly ArrayLike<number>[]): number =>
  Math.max(...want.map((expected, i) => relativeError(got[i] ?? [], expected)))

function convCases([n, h, w, ci, co, k, stride]: ConvSpec, isQuick: boolean): ConformanceCase[] {
  const xShape: Shape4 = [n, h, w, ci]
  const wShape: KernelShape = [k, k, ci, co]
  const yShape = reference.convOutputShape(xShape, wShape, stride)
  const x = values(sizeOf(xShape), 1)
  const weight = values(sizeOf(wShape), 2)
  const dy = values(sizeOf(yShape), 3)
  const label = `${k}x${k} stride ${stride}, [${xShape.join(',')}] -> ${co}`
  const c = { x, xShape, w: weight, wShape, stride }
  return [
    {
      name: `conv ${label}`,
      isQuick,
      tolerance: TOLERANCE,
      run: (kernels) =>
        worst(
          withTensors(kernels, [[x, xShape], [weight, wShape]], (t) => [
            kernels.conv2d(pick(t, 0), xShape, pick(t, 1), wShape, stride),
          ]),
          [reference.conv2d(c)],
        ),
    },
    {
      name: `conv gradients ${label}`,
      isQuick,
      tolerance: TOLERANCE,
      run: (kernels) => {
        const { dx, dw } = reference.conv2dGradients(c, dy)
        const got = withTensors(kernels, [[x, xShape], [weight, wShape], [dy, yShape]], (t) => [
          kernels.conv2dInputGradient(pick(t, 2), yShape, pick(t, 1), wShape, xShape, stride),
          kernels.conv2dFilterGradient(pick(t, 0), xShape, pick(t, 2), yShape, wShape, stride),
        ])
        return worst(got, [dx, dw])
      },
    },
  ]
}

function normCase(shape: Shape4, relu: boolean, isQuick: boolean): ConformanceCase {
  const c = shape[3]
  const x = values(sizeOf(shape), 4)
  const gamma = values(c, 5).map((v) => v + 1.5)
  const beta = values(c, 6)
  const dy = values(x.length, 7)
  const running = values(c, 8).map((v) => v + 2)
  return {
    name: `batch norm${relu ? ' with ReLU' : ''}, forward, gradients, running statistics, [${shape.join(',')}]`,
    isQuick,
    tolerance: TOLERANCE,
    run: (kernels) => {
      const momentum = 0.1
      const m = x.length / c
      const { y, mean, variance } = reference.batchNorm(x, gamma, beta, BATCH_NORM_EPSILON)
      const out = relu ? y.map((v) => Math.max(v, 0)) : y
      const inner = relu ? dy.map((v, i) => (reference.at(y, i) > 0 ? v : 0)) : dy
      const { dx, dGamma, dBeta } = reference.batchNormGradients(x, gamma, inner, BATCH_NORM_EPSILON)
      const mix = (old: number, fresh: number): number => (1 - momentum) * old + momentum * fresh
      const wantMean = running.map((v, i) => mix(v, reference.at(mean, i)))
      const wantVariance = running.map((v, i) => mix(v, (reference.at(variance, i) * m) / (m - 1)))
      const got = withTensors(
        kernels,
        [[x, shape], [gamma, [c]], [beta, [c]], [running, [c]], [running, [c]], [dy, shape]],
        (t) => {
          const trained = kernels.batchNormTrain(
            pick(t, 0),
            shape,
            pick(t, 1),
            pick(t, 2),
            pick(t, 3),
            pick(t, 4),
            momentum,
            relu,
          )
          const gradients = kernels.batchNormGradient(
            pick(t, 5),
            pick(t, 0),
            trained.y,
            pick(t, 1),
            trained.saved,
            relu,
          )
          trained.saved.forEach((handle) => kernels.release(handle))
          return [trained.y, trained.runningMean, trained.runningVariance, ...gradients]
        },
      )
      return worst(got, [out, wantMean, wantVariance, dx, dGamma, dBeta])
    },
  }
}

function normInferenceCase(): ConformanceCase {
  const shape: Shape4 = [2, 3, 4, 5]
  const c = shape[3]
  const x = values(sizeOf(shape), 9)
  const [gamma, beta, mean] = [values(c, 10), values(c, 11), values(c, 12)]
  const variance = values(c, 13).map((v) => v + 1.5)
  const want = x.map((v, i) => {
    const k = i % c
    const hat = (v - reference.at(mean, k)) / Math.sqrt(reference.at(variance, k) + BATCH_NORM_EPSILON)
    return Math.max(0, hat * reference.at(gamma, k) + reference.at(beta, k))
  })
  return {
    name: 'batch norm with given statistics and ReLU',
    isQuick: true,
    tolerance: TOLERANCE,
    run: (kernels) =>
      worst(
        withTensors(kernels, [[x, shape], [gamma, [c]], [beta, [c]], [mean, [c]], [variance, [c]]], (t) => [
          kernels.batchNormInference(pick(t, 0), pick(t, 1), pick(t, 2), pick(t, 3), pick(t, 4), true),
        ]),
        [want],
      ),
  }
}

function nearestCases(factor: number, isQuick: boolean): ConformanceCase[] {
  const shape: Shape4 = [2, 3, 2, 3]
  const big: Shape4 = [2, 3 * factor, 2 * factor, 3]
  const x = values(sizeOf(shape), 14)
  const dy = values(sizeOf(big), 15)
  const dx = new Float64Array(x.length)
  dy.forEach((v, i) => {
    const source = reference.nearestSource(i, shape, factor)
    dx[source] = reference.at(dx, source) + v
  })
  const y = dy.map((_, i) => reference.at(x, reference.nearestSource(i, shape, factor)))
  return [
    {
      name: `nearest up-sampling x${factor} and gradient`,
      isQuick,
      tolerance: TOLERANCE,
      run: (kernels) =>
        worst(
          withTensors(kernels, [[x, shape], [dy, big]], (t) => [
            kernels.upsampleNearest(pick(t, 0), shape, factor),
            kernels.upsampleNearestGradient(pick(t, 1), big, factor),
          ]),
          [y, dx],
        ),
    },
  ]
}

function bilinearCases(shape: Shape4, height: number, width: number, isQuick: boolean): ConformanceCase[] {
  const x = values(sizeOf(shape), 16)
  const big: Shape4 = [shape[0], height, width, shape[3]]
  const dy = values(sizeOf(big), 17)
  return [
    {
      name: `bilinear [${shape.join(',')}] -> ${height}x${width} and gradient`,
      isQuick,
      tolerance: TOLERANCE,
      run: (kernels) =>
        worst(
          withTensors(kernels, [[x, shape], [dy, big]], (t) => [
            kernels.resizeBilinear(pick(t, 0), shape, height, width),
            kernels.resizeBilinearGradient(pick(t, 1), pick(t, 0), shape),
          ]),
          [
            reference.resizeBilinear(x, shape, height, width),
            reference.resizeBilinearGradient(dy, shape, height, width),
          ],
        ),
    },
  ]
}

function elementwiseCases(): ConformanceCase[] {
  const shape: Shape4 = [2, 3, 4, 5]
  const [a, b, c] = [values(120, 18), values(120, 19), values(120, 20)]
  const bias = values(5, 21)
  const weights = values(10, 22)
  const sum3 = a.map((v, i) => v + reference.at(b, i) + reference.at(c, i))
  const biasGradient = new Float64Array(5)
  a.forEach((v, i) => (biasGradient[i % 5] = reference.at(biasGradient, i % 5) + v))
  const argMax = Float64Array.from({ length: 24 }, (_, p) => {
    const row = Array.from(a.subarray(p * 5, p * 5 + 5))
    return row.indexOf(Math.max(...row))
  })
  const flipped = a.map((_, i) => {
    const k = i % 5
    const x = Math.floor(i / 5) % 4
    return reference.at(a, i - k - x * 5 + (3 - x) * 5 + k)
  })
  return [
    {
      name: 'sums, ReLU, products, bias, concat, slice, flip, arg-max',
      isQuick: true,
      tolerance: TOLERANCE,
      run: (kernels) => {
        const got = withTensors(
          kernels,
          [[a, shape], [b, shape], [c, shape], [bias, [5]], [weights, [2, 1, 1, 5]]],
          (t) => {
            const [x, y, z] = [pick(t, 0), pick(t, 1), pick(t, 2)]
            const both = kernels.concat([x, y])
            const second = kernels.sliceChannels(both, [2, 3, 4, 10], 5, 5)
            kernels.release(both)
            const flat = kernels.reshape(x, [120])
            const total = kernels.sum(flat)
            kernels.release(flat)
            return [
              kernels.add([x, y, z]),
              kernels.add([x, y]),
              kernels.addRelu([x, y, z]),
              kernels.addRelu([x]),
              kernels.reluGradient(y, x),
              kernels.sub(x, y),
              kernels.mul(x, pick(t, 4)),
              kernels.scale(x, 0.25),
              kernels.sumOfSquares(x),
              total,
              kernels.biasAdd(x, pick(t, 3)),
              kernels.biasGradient(x),
              second,
              kernels.flipWidth(x),
              kernels.argMaxChannels(x, shape),
            ]
          },
        )
        return worst(got, [
          sum3,
          a.map((v, i) => v + reference.at(b, i)),
          sum3.map((v) => Math.max(0, v)),
          a.map((v) => Math.max(0, v)),
          b.map((v, i) => (reference.at(a, i) > 0 ? v : 0)),
          a.map((v, i) => v - reference.at(b, i)),
          a.map((v, i) => v * reference.at(weights, Math.floor(i / 60) * 5 + (i % 5))),
          a.map((v) => v * 0.25),
          [a.reduce((s, v) => s + v * v, 0)],
          [a.reduce((s, v) => s + v, 0)],
          a.map((v, i) => v + reference.at(bias, i % 5)),
          biasGradient,
          b,
          flipped,
          argMax,
        ])
      },
    },
  ]
}

function crossEntropyCase(): ConformanceCase {
  const [rows, classes] = [7, 5]
  const logits = values(rows * classes, 23).map((v) => v * 4)
  const labels = Int32Array.from({ length: rows }, (_, i) => (i * 3) % classes)
  const loss = new Float64Array(rows)
  const backprop = new Float64Array(rows * classes)
  for (let r = 0; r < rows; r++) {
    const row = Array.from(logits.subarray(r * classes, (r + 1) * classes))
    const normaliser = row.reduce((s, v) => s + Math.exp(v), 0)
    const label = reference.at(labels, r)
    loss[r] = Math.log(normaliser) - reference.at(row, label)
    row.forEach((v, k) => (backprop[r * classes + k] = Math.exp(v) / normaliser - (k === label ? 1 : 0)))
  }
  return {
    name: 'soft-max cross-entropy and gradient',
    isQuick: true,
    tolerance: TOLERANCE,
    run: (kernels) =>
      worst(
        withTensors(kernels, [[logits, [rows, classes]], [labels, [rows]]], (t) =>
          kernels.softmaxCrossEntropy(pick(t, 0), pick(t, 1), rows, classes),
        ),
        [loss, backprop],
      ),
  }
}

function trainVariable(
  kernels: Kernels,
  start: Float64Array,
  gradients: readonly Float64Array[],
  update: (variable: ReturnType<Kernels['createVariable']>, gradient: Handle, step: number) => void,
): Float32Array {
  const variable = kernels.createVariable(Float32Array.from(start), [start.length])
  gradients.forEach((gradient, i) => {
    const handle = kernels.upload(Float32Array.from(gradient), [gradient.length])
    update(variable, handle, i + 1)
    kernels.release(handle)
  })
  const value = kernels.readVariable(variable)
  const result = kernels.downloadSync(value)
  kernels.release(value)
  kernels.releaseVariable(variable)
  return result
}

function adamCase(): ConformanceCase {
  const start = values(9, 24)
  const gradients = [values(9, 25), values(9, 26), values(9, 27)]
  const options = { learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
  const want = start.map((w0, i) => {
    let [w, m, v] = [w0, 0, 0]
    gradients.forEach((gradient, t) => {
      const g = reference.at(gradient, i)
      m = options.beta1 * m + (1 - options.beta1) * g
      v = options.beta2 * v + (1 - options.beta2) * g * g
      const mHat = m / (1 - options.beta1 ** (t + 1))
      const vHat = v / (1 - options.beta2 ** (t + 1))
      w -= (options.learningRate * mHat) / (Math.sqrt(vHat) + options.epsilon)
    })
    return w
  })
  return {
    name: 'Adam, three updates',
    isQuick: true,
    tolerance: TOLERANCE,
    run: (kernels) => {
      const m = kernels.createVariable(new Float32Array(9), [9])
      const v = kernels.createVariable(new Float32Array(9), [9])
      const got = trainVariable(kernels, start, gradients, (variable, gradient, step) => {
        kernels.applyAdam(variable, m, v, gradient, { ...options, step })
      })
      kernels.releaseVariable(m)
      kernels.releaseVariable(v)
      return relativeError(got, want)
    },
  }
}

function momentumCase(): ConformanceCase {
  const start = values(9, 28)
  const gradients = [values(9, 29), values(9, 30), values(9, 31)]
  const options = { learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 }
  const want = start.map((w0, i) => {
    let [w, buffer] = [w0, 0]
    for (const gradient of gradients) {
      buffer = options.momentum * buffer + reference.at(gradient, i) + options.weightDecay * w
      w -= options.learningRate * buffer
    }
    return w
  })
  return {
    name: 'SGD with momentum and decay, three updates',
    isQuick: true,
    tolerance: TOLERANCE,
    run: (kernels) => {
      const buffer = kernels.createVariable(new Float32Array(9), [9])
      const got = trainVariable(kernels, start, gradients, (variable, gradient) => {
        kernels.applyMomentum(variable, buffer, gradient, options)
      })
      kernels.releaseVariable(buffer)
      return relativeError(got, want)
    },
  }
}
