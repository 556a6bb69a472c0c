import { describe, expect, it } from 'vitest'
import type { Kernels } from '../../../src-main/compute/kernels.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { testBackends } from '../../support/backends.ts'

const SIZES = [1, 2, 3, 4, 5, 8] as const
const CHANNELS = [
  [1, 1],
  [3, 8],
  [8, 16],
  [24, 14],
] as const
/** [kernel, stride]; the first three are those of the networks. */
const KINDS = [
  [3, 1],
  [3, 2],
  [1, 1],
  [1, 2],
] as const

interface Convolution {
  readonly images: number
  readonly height: number
  readonly width: number
  readonly inputs: number
  readonly outputs: number
  readonly kernel: number
  readonly stride: number
}

/** Everything is one: a corner of the output counts the pixels under the kernel, the filter's gradient the outputs, in closed form. */
function checkOnes(
  k: Kernels,
  { images, height, width, inputs, outputs, kernel, stride }: Convolution,
): void {
  const at = `${String(images)} of ${String(height)} x ${String(width)}, ${String(inputs)} to ${String(outputs)}`
  const h = Math.floor((height - 1) / stride) + 1
  const w = Math.floor((width - 1) / stride) + 1
  const [xShape, yShape, wShape] = [
    [images, height, width, inputs],
    [images, h, w, outputs],
    [kernel, kernel, inputs, outputs],
  ]
  const ones = (shape: readonly number[]) =>
    k.upload(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(1), shape)
  const [x, dy, weight] = [ones(xShape), ones(yShape), ones(wShape)]
  const y = k.conv2d(x, xShape, weight, wShape, stride)
  const dx = k.conv2dInputGradient(dy, yShape, weight, wShape, xShape, stride)
  const dw = k.conv2dFilterGradient(x, xShape, dy, yShape, wShape, stride)
  const corner = kernel === 1 ? 1 : Math.min(2, height) * Math.min(2, width)
  expect([...k.downloadSync(y).slice(0, 1)], at).toEqual([inputs * corner])
  expect(k.downloadSync(y), at).toHaveLength(images * h * w * outputs)
  const middle = ((kernel * kernel - 1) / 2) * inputs * outputs
  expect([...k.downloadSync(dw).slice(middle, middle + 1)], at).toEqual([images * h * w])
  expect(k.downloadSync(dx), at).toHaveLength(images * height * width * inputs)
  for (const handle of [x, dy, weight, y, dx, dw]) {
    k.release(handle)
  }
}

/**
 * Libraries choose among kernels by size, and a size without a kernel ends the process.
 */
for (const { name, kernels: k } of await testBackends()) {
  describe.skipIf(k === null)(`convolutions of every small size on ${name}`, () => {
    it('halving deep and large inputs, where the gradients go other ways', () => {
      if (k === null) {
        return
      }
      const deep = [2, 4, 6, 8, 10].flatMap((height) =>
        [2, 4, 6, 12].map((width) => [height, width, 64, 128]),
      )
      const large = [
        [24, 16, 3, 8],
        [2, 192, 1, 1],
        [192, 2, 5, 3],
        [40, 10, 8, 8],
        [20, 24, 24, 14],
      ]
      for (const images of [1, 3]) {
        for (const [height = 0, width = 0, inputs = 0, outputs = 0] of [...deep, ...large]) {
          checkOnes(k, { images, height, width, inputs, outputs, kernel: 3, stride: 2 })
        }
      }
    })

    it('norms with ReLU give what norm and ReLU give, and the same gradients', () => {
      if (k === null) {
        return
      }
      const random = createRandom(3, 'norms')
      for (const [n, h, w, c] of [
        [1, 1, 2, 1],
        [3, 1, 1, 3],
        [1, 2, 2, 8],
        [2, 3, 5, 14],
        [3, 8, 6, 24],
        [1, 16, 16, 33],
      ] as const) {
        const noise = (shape: readonly number[]) =>
          k.upload(
            Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
            shape,
          )
        const shape = [n, h, w, c]
        const [x, dy, gamma, beta, mean] = [noise(shape), noise(shape), noise([c]), noise([c]), noise([c])]
        const variance = k.upload(new Float32Array(c).fill(2), [c])
        const fused = k.batchNormTrain(x, shape, gamma, beta, mean, variance, 0.1, true)
        const plain = k.batchNormTrain(x, shape, gamma, beta, mean, variance, 0.1, false)
        const [relu, inner] = [k.addRelu([plain.y]), k.reluGradient(dy, fused.y)]
        const fusedGradients = k.batchNormGradient(dy, x, fused.y, gamma, fused.saved, true)
        const plainGradients = k.batchNormGradient(inner, x, plain.y, gamma, plain.saved, false)
        const given = k.batchNormInference(x, gamma, beta, mean, variance, true)
        const bare = k.batchNormInference(x, gamma, beta, mean, variance, false)
        const rectified = k.addRelu([bare])
        for (const [a, b] of [
          [fused.y, relu],
          [fused.runningMean, plain.runningMean],
          [fused.runningVariance, plain.runningVariance],
          [given, rectified],
          ...fusedGradients.map((gradient, i) => [gradient, plainGradients[i] ?? gradient] as const),
        ] as const) {
          // One kernel of the same library with and without the ReLU: equal here, by rounding perhaps not on another processor.
          const [got, want] = [k.downloadSync(a), k.downloadSync(b)]
          const worst = got.reduce((most, v, i) => Math.max(most, Math.abs(v - (want[i] ?? Number.NaN))), 0)
          expect(worst, shape.join()).toBeLessThanOrEqual(1e-5)
        }
        for (const handle of [x, dy, gamma, beta, mean, variance, relu, inner, given, bare, rectified]) {
          k.release(handle)
        }
        for (const { y, runningMean, runningVariance, saved } of [fused, plain]) {
          ;[y, runningMean, runningVariance, ...saved].forEach((handle) => {
            k.release(handle)
          })
        }
        ;[...fusedGradients, ...plainGradients].forEach((handle) => {
          k.release(handle)
        })
      }
    })

    it.each(KINDS)('kernel %i, stride %i', (kernel, stride) => {
      if (k === null || (name === 'wasm' && kernel === 1 && stride === 2)) {
        // No layer has it; the WebAssembly kernels refuse it.
        return
      }
      for (const images of [1, 3]) {
        for (const height of SIZES) {
          for (const width of SIZES) {
            for (const [inputs, outputs] of CHANNELS) {
              checkOnes(k, { images, height, width, inputs, outputs, kernel, stride })
            }
          }
        }
      }
    })
  })
}
