import { describe, expect, it } from 'vitest'
import { relativeError, values } from '../../../../src-main/compute/conformance/case-support.ts'
import * as reference from '../../../../src-main/compute/conformance/reference.ts'
import type { Kernels } from '../../../../src-main/compute/kernels.ts'
import { DeviceReadError } from '../../../../src-main/compute/webgpu/device-channel.ts'
import { GpuTensors } from '../../../../src-main/compute/webgpu/gpu-tensors.ts'
import { webgpuKernels } from '../../../support/webgpu-kernels.ts'

/** As of the conformance cases; sums of some thousand products, cut into parts, came within 2e-6. */
const TOLERANCE = 2e-5

/** A software adapter compiles a program in a second or two. */
const SLOW = 120_000

const kernels = await webgpuKernels()

/** What the small shapes of the conformance cases do not reach: several tiles of columns, and sums in parts. */
describe.skipIf(kernels === null)('WebGPU kernels at sizes of real networks', { timeout: SLOW }, () => {
  const given = (run: (kernels: Kernels) => void) => () => {
    if (kernels !== null) {
      run(kernels)
    }
  }

  it.each([
    [2, 5, 7, 70, 80, 3, 1],
    [1, 40, 30, 12, 20, 3, 1],
    [1, 41, 33, 9, 65, 3, 2],
    [1, 3, 3, 600, 33, 1, 1],
  ] as const)(
    'convolution %i x %i x %i x %i to %i, kernel %i, stride %i',
    (n, h, w, ci, co, kernel, stride) => {
      given((k) => {
        const [xShape, wShape] = [[n, h, w, ci] as const, [kernel, kernel, ci, co] as const]
        const yShape = reference.convOutputShape(xShape, wShape, stride)
        const [x, weight] = [values(n * h * w * ci, 1), values(kernel * kernel * ci * co, 2)]
        const dy = values(
          yShape.reduce((a, b) => a * b, 1),
          3,
        )
        const problem = { x, xShape, w: weight, wShape, stride }
        const { dx, dw } = reference.conv2dGradients(problem, dy)
        const [a, b, c] = [
          k.upload(Float32Array.from(x), xShape),
          k.upload(Float32Array.from(weight), wShape),
          k.upload(Float32Array.from(dy), yShape),
        ]
        const results = [
          k.conv2d(a, xShape, b, wShape, stride),
          k.conv2dInputGradient(c, yShape, b, wShape, xShape, stride),
          k.conv2dFilterGradient(a, xShape, c, yShape, wShape, stride),
        ]
        const wanted = [reference.conv2d(problem), dx, dw]
        results.forEach((result, i) => {
          expect(relativeError(k.downloadSync(result), wanted[i] ?? [])).toBeLessThanOrEqual(TOLERANCE)
        })
        ;[a, b, c, ...results].forEach((handle) => {
          k.release(handle)
        })
      })()
    },
  )

  it.each([1, 8, 65, 130])(
    'statistics of %i channels whose mean is a thousand deviations away',
    (channels) => {
      given((k) => {
        const rows = 700
        const x = Float32Array.from(values(rows * channels, 5), (v) => v + 1000)
        const shape = [1, rows, 1, channels]
        const wide = Float64Array.from(x)
        const ones = new Float64Array(channels).fill(1)
        const { mean, variance } = reference.batchNorm(wide, ones, new Float64Array(channels), 1e-5)
        const [input, one] = [k.upload(x, shape), k.upload(Float32Array.from(ones), [channels])]
        const out = k.batchNormTrain(input, shape, one, one, one, one, 1, false)
        const unbiased = variance.map((v) => (v * rows) / (rows - 1))
        expect(relativeError(k.downloadSync(out.runningMean), mean)).toBeLessThanOrEqual(1e-6)
        // The values themselves are rounded to 6e-5, a ten-thousandth of their deviation.
        expect(relativeError(k.downloadSync(out.runningVariance), unbiased)).toBeLessThanOrEqual(1e-4)
        ;[input, one, out.y, out.runningMean, out.runningVariance, ...out.saved].forEach((handle) => {
          k.release(handle)
        })
      })()
    },
  )

  it(
    'sums of more tensors than one pass takes, and of many elements',
    given((k) => {
      const parts = Array.from({ length: 11 }, (_, i) => values(100_003, i + 1))
      const handles = parts.map((part) => k.upload(Float32Array.from(part), [part.length]))
      const sum = k.addRelu(handles)
      const want = parts.reduce((a, b) => a.map((v, i) => v + reference.at(b, i))).map((v) => Math.max(0, v))
      expect(relativeError(k.downloadSync(sum), want)).toBeLessThanOrEqual(1e-6)
      const squares = k.sumOfSquares(sum)
      const total = want.reduce((s, v) => s + v * v, 0)
      expect(relativeError(k.downloadSync(squares), [total])).toBeLessThanOrEqual(1e-6)
      ;[...handles, sum, squares].forEach((handle) => {
        k.release(handle)
      })
    }),
  )

  it('reads with and without sleeping, in any order', async () => {
    if (kernels === null) {
      return
    }
    const a = kernels.upload(Float32Array.of(1, 2, 3), [3])
    const later = kernels.download(a)
    const b = kernels.scale(a, 2)
    expect([...kernels.downloadSync(b)]).toEqual([2, 4, 6])
    expect([...(await later)]).toEqual([1, 2, 3])
    kernels.release(a)
    kernels.release(b)
  })
})

describe('tensors of a device that fails', () => {
  it('pass the reason on and do not use its broken buffers again', () => {
    const posted: unknown[] = []
    const failing = () => {
      throw new DeviceReadError('out of memory on the GPU', [1])
    }
    const gpu = new GpuTensors(
      {
        post: (message) => posted.push(message),
        read: () => Promise.reject(new Error('not asked')),
        readSync: failing,
        close: () => Promise.resolve(),
      },
      { version: '0', name: 'a device', largestBuffer: 4096 },
    )
    const first = gpu.upload(Float32Array.of(1), [1])
    expect(() => gpu.readSync(first)).toThrow('out of memory')
    gpu.release(first)
    const second = gpu.allocate([1])
    expect(() => gpu.readSync(second)).toThrow('out of memory')
    const created = JSON.stringify(posted).match(/\["create",\d+/g)
    expect(created).toEqual(['["create",1', '["create",2'])
    expect(() => gpu.allocate([1025])).toThrow(/out of memory: a tensor of 4100 bytes.*4096/)
  })
})
