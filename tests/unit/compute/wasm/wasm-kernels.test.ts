import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { relativeError } from '../../../../src-main/compute/conformance/case-support.ts'
import * as reference from '../../../../src-main/compute/conformance/reference.ts'
import type { KernelShape, Shape4 } from '../../../../src-main/compute/conformance/reference.ts'
import { BATCH_NORM_EPSILON } from '../../../../src-main/compute/kernels.ts'
import type { Handle, Shape } from '../../../../src-main/compute/kernels.ts'
import { locateWasmFolder } from '../../../../src-main/compute/wasm/locate-wasm.ts'
import { createWasmKernels } from '../../../../src-main/compute/wasm/wasm-kernels.ts'
import { createRandom } from '../../../../src-main/nas/random.ts'

const kernels = await createWasmKernels()

/** float32 sums of up to some thousand products against float64: measured up to 3e-6, a factor of ten left. */
const TOLERANCE = 3e-5

const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1)

/** Normal values that float32 holds exactly. */
function normal(count: number, name: string, mean = 0): Float64Array {
  const random = createRandom(11, name)
  return Float64Array.from({ length: count }, () => Math.fround(mean + random.normal()))
}

const upload = (values: Float64Array, shape: Shape): Handle =>
  kernels.upload(Float32Array.from(values), shape)

const releaseAll = (tensors: readonly Handle[]): void => {
  tensors.forEach((tensor) => {
    kernels.release(tensor)
  })
}

/** Downloads and releases. */
function take(tensor: Handle): Float32Array {
  const values = kernels.downloadSync(tensor)
  kernels.release(tensor)
  return values
}

describe('WebAssembly convolutions beyond one piece and one panel', () => {
  const cases: readonly (readonly [Shape4, outputs: number, k: 1 | 3, stride: number])[] = [
    // More pixels than a piece of the filter gradient, with a rest; a last panel of 4 channels.
    [[3, 13, 11, 12], 20, 3, 1],
    [[3, 13, 12, 12], 20, 3, 2],
    // Columns left over beside the groups of four pixels and of four kernel rows.
    [[1, 7, 3, 5], 3, 3, 1],
    // The only case where some pixels get no gradient.
    [[2, 7, 6, 9], 8, 1, 2],
    [[2, 40, 40, 16], 17, 1, 1],
  ]
  for (const [xShape, outputs, k, stride] of cases) {
    it(`${k}x${k} stride ${stride}, [${xShape.join()}] -> ${outputs}`, () => {
      const wShape: KernelShape = [k, k, xShape[3], outputs]
      const yShape = reference.convOutputShape(xShape, wShape, stride)
      const [x, w, dy] = [
        normal(sizeOf(xShape), 'x'),
        normal(sizeOf(wShape), 'w'),
        normal(sizeOf(yShape), 'dy'),
      ]
      const c = { x, xShape, w, wShape, stride }
      const { dx, dw } = reference.conv2dGradients(c, dy)
      const before = kernels.liveTensors()
      const [tx, tw, tdy] = [upload(x, xShape), upload(w, wShape), upload(dy, yShape)]
      const y = take(kernels.conv2d(tx, xShape, tw, wShape, stride))
      expect(relativeError(y, reference.conv2d(c))).toBeLessThan(TOLERANCE)
      const gotDx = take(kernels.conv2dInputGradient(tdy, yShape, tw, wShape, xShape, stride))
      expect(relativeError(gotDx, dx)).toBeLessThan(TOLERANCE)
      const gotDw = take(kernels.conv2dFilterGradient(tx, xShape, tdy, yShape, wShape, stride))
      expect(relativeError(gotDw, dw)).toBeLessThan(TOLERANCE)
      releaseAll([tx, tw, tdy])
      expect(kernels.liveTensors()).toBe(before)
    })
  }
})

describe('the WebAssembly heap', () => {
  it('says how large it is: at least what lives, and no less once that is released', () => {
    const floats = (kernels.backendBytes() ?? 0) / 4
    const large = kernels.upload(new Float32Array(floats), [floats])
    const grown = kernels.backendBytes() ?? 0
    expect(grown).toBeGreaterThan(floats * 4)
    kernels.release(large)
    expect(kernels.backendBytes()).toBe(grown)
  })
})

describe('WebAssembly batch norm', () => {
  for (const [shape, mean] of [
    [[3, 20, 21, 8], 0],
    // A mean of a hundred deviations: the square of the mean would swallow the variance.
    [[2, 20, 21, 8], 100],
    [[3, 20, 21, 5], 100],
  ] as const) {
    it(`keeps its precision over many rows, [${shape.join()}] with mean ${mean}`, () => {
      const channels = shape[3]
      const x = normal(sizeOf(shape), 'norm', mean)
      const [gamma, beta] = [normal(channels, 'gamma', 2), normal(channels, 'beta')]
      const want = reference.batchNorm(x, gamma, beta, BATCH_NORM_EPSILON)
      const handles = [upload(x, shape), upload(gamma, [channels]), upload(beta, [channels])] as const
      // With momentum 1 the running values are those of the batch.
      const out = kernels.batchNormTrain(
        handles[0],
        shape,
        handles[1],
        handles[2],
        handles[1],
        handles[1],
        1,
        false,
      )
      expect(relativeError(take(out.y), want.y)).toBeLessThan(TOLERANCE)
      expect(relativeError(take(out.runningMean), want.mean)).toBeLessThan(1e-6)
      const rows = x.length / channels
      const unbiased = want.variance.map((value) => (value * rows) / (rows - 1))
      expect(relativeError(take(out.runningVariance), unbiased)).toBeLessThan(1e-5)
      releaseAll([...handles, ...out.saved])
    })
  }
})

describe('WebAssembly sums', () => {
  it.each([1, 15, 16, 17, 4096, 50_001])('adds %d values and their squares', (count) => {
    const x = normal(count, 'sum', 0.5)
    const tensor = upload(x, [count])
    expect(relativeError(take(kernels.sum(tensor)), [x.reduce((a, b) => a + b, 0)])).toBeLessThan(1e-6)
    expect(
      relativeError(take(kernels.sumOfSquares(tensor)), [x.reduce((a, b) => a + b * b, 0)]),
    ).toBeLessThan(1e-6)
    kernels.release(tensor)
  })

  it('gives a finite loss where the probability vanishes', () => {
    const logits = kernels.upload(Float32Array.of(0, 300, -300), [1, 3])
    const labels = kernels.upload(Int32Array.of(2), [1])
    const [loss, backprop] = kernels.softmaxCrossEntropy(logits, labels, 1, 3)
    expect(Array.from(take(loss))).toEqual([600])
    expect(Array.from(take(backprop))).toEqual([0, 1, -1])
    releaseAll([logits, labels])
  })
})

describe('WebAssembly soft-max', () => {
  /** An exponential off by a unit in the last place (1.2e-7) and sums of up to 19 of them; measured 2e-7. */
  const SOFTMAX_TOLERANCE = 1e-6

  function crossEntropy(x: Float64Array, labels: Int32Array, classes: number): [Float64Array, Float64Array] {
    const loss = new Float64Array(labels.length)
    const backprop = new Float64Array(x.length)
    labels.forEach((label, row) => {
      const logits = x.subarray(row * classes, (row + 1) * classes)
      const largest = Math.max(...logits)
      const total = logits.reduce((sum, value) => sum + Math.exp(value - largest), 0)
      loss[row] = Math.log(total) + largest - reference.at(logits, label)
      logits.forEach((value, c) => {
        backprop[row * classes + c] = Math.exp(value - largest) / total - (c === label ? 1 : 0)
      })
    })
    return [loss, backprop]
  }

  // Groups of four rows with every rest; one class, and logits whose exponentials vanish.
  it.each([
    [1, 11, 4],
    [2, 1, 4],
    [3, 5, 30],
    [4, 19, 1],
    [5, 3, 100],
    [1023, 11, 10],
  ])('of %d rows of %d classes, logits of spread %d', (rows, classes, spread) => {
    const x = normal(rows * classes, 'logits').map((value) => Math.fround(value * spread))
    const truth = Int32Array.from({ length: rows }, (_, row) => (row * 7) % classes)
    const want = crossEntropy(x, truth, classes)
    const [logits, labels] = [upload(x, [rows, classes]), kernels.upload(truth, [rows])]
    const [loss, backprop] = kernels.softmaxCrossEntropy(logits, labels, rows, classes)
    expect(relativeError(take(loss), want[0])).toBeLessThan(SOFTMAX_TOLERANCE)
    expect(relativeError(take(backprop), want[1])).toBeLessThan(SOFTMAX_TOLERANCE)
    releaseAll([logits, labels])
  })

  it('has small probabilities to a relative 1e-6 as well, down to e^-87', () => {
    const exponents = Float64Array.from({ length: 4000 }, (_, i) => -Math.fround((i * 87) / 4000))
    const x = Float64Array.from({ length: 8000 }, (_, i) => (i % 2 === 0 ? 0 : (exponents[i >> 1] ?? 0)))
    const [logits, labels] = [upload(x, [4000, 2]), kernels.upload(new Int32Array(4000), [4000])]
    const [loss, backprop] = kernels.softmaxCrossEntropy(logits, labels, 4000, 2)
    const got = take(backprop)
    const off = exponents.map((x, i) => {
      const want = Math.exp(x) / (1 + Math.exp(x))
      return Math.abs((got[2 * i + 1] ?? Number.NaN) / want - 1)
    })
    expect(Math.max(...off)).toBeLessThan(SOFTMAX_TOLERANCE)
    releaseAll([logits, labels, loss])
  })

  it('is no number where a logit is none or infinite, in that row alone', () => {
    const x = [0, Number.NaN, 1, 2, Number.POSITIVE_INFINITY, 0, 1, 1, 5, Number.NaN]
    const logits = kernels.upload(Float32Array.from(x), [5, 2])
    const labels = kernels.upload(Int32Array.of(0, 1, 0, 0, 0), [5])
    const [loss, backprop] = kernels.softmaxCrossEntropy(logits, labels, 5, 2)
    const values = [...take(loss)]
    expect(values.map(Number.isFinite)).toEqual([false, true, false, true, false])
    expect(values[3]).toBeCloseTo(Math.LN2, 6)
    releaseAll([logits, labels, backprop])
  })
})

describe('WebAssembly arg-max', () => {
  it.each([
    [1, 5],
    [3, 1],
    [4, 2],
    [7, 11],
    [1026, 19],
  ])('of %d rows of %d channels is the first of the largest', (rows, channels) => {
    // Few different values, so that most rows have equals; some are no number, which nothing is larger than.
    const x = normal(rows * channels, 'votes').map((value, i) =>
      i % 29 === 3 ? Number.NaN : Math.round(value),
    )
    const want = Array.from({ length: rows }, (_, row) => {
      const values = x.subarray(row * channels, (row + 1) * channels)
      return values.reduce((best, value, c) => (value > reference.at(values, best) ? c : best), 0)
    })
    const tensor = upload(x, [rows, channels])
    expect([...take(kernels.argMaxChannels(tensor, [rows, channels]))]).toEqual(want)
    kernels.release(tensor)
  })
})

describe('WebAssembly tensors', () => {
  it('counts an alias as a tensor and keeps the values until the last is released', () => {
    const before = kernels.liveTensors()
    const tensor = kernels.upload(Float32Array.of(1, 2, 3, 4), [4])
    const matrix = kernels.reshape(tensor, [2, 2])
    expect(kernels.liveTensors()).toBe(before + 2)
    kernels.release(tensor)
    expect(Array.from(kernels.downloadSync(matrix))).toEqual([1, 2, 3, 4])
    kernels.release(matrix)
    expect(kernels.liveTensors()).toBe(before)
  })

  it('refuses what does not fit and what is gone', () => {
    expect(() => kernels.upload(new Float32Array(3), [2, 2])).toThrow('holds 4 values, got 3')
    const tensor = kernels.upload(new Float32Array(4), [4])
    expect(() => kernels.reshape(tensor, [3])).toThrow('do not fit')
    const other = kernels.upload(new Float32Array(3), [3])
    expect(() => kernels.add([tensor, other])).toThrow('differ in size')
    const label = kernels.upload(Int32Array.of(5), [1])
    expect(() => kernels.softmaxCrossEntropy(tensor, label, 1, 4)).toThrow('label 5')
    releaseAll([tensor, other, label])
    expect(() => {
      kernels.release(tensor)
    }).toThrow('released')
  })

  it('outlives the growth of the heap', () => {
    const tensor = kernels.upload(Float32Array.of(7, 8), [2])
    const large = kernels.upload(new Float32Array(2 ** 23), [2 ** 23])
    const sum = kernels.add([tensor, tensor])
    expect(Array.from(take(sum))).toEqual([14, 16])
    releaseAll([tensor, large])
  })

  it('finds the binaries of the installed package', () => {
    expect(existsSync(join(locateWasmFolder(), 'tfjs-backend-wasm-simd.wasm'))).toBe(true)
  })
})
