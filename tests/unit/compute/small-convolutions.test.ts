import { describe, expect, it } from 'vitest'
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

/**
 * Libraries choose among kernels by size, and a size without a kernel ends the process. Everything is one here: a corner of the output
 * counts the pixels under the kernel, the filter's gradient the outputs, in closed form.
 */
for (const { name, kernels: k } of await testBackends()) {
  describe.skipIf(k === null)(`convolutions of every small size on ${name}`, () => {
    it.each(KINDS)('kernel %i, stride %i', (kernel, stride) => {
      if (k === null || (name === 'wasm' && kernel === 1 && stride === 2)) {
        // No layer has it; the WebAssembly kernels refuse it.
        return
      }
      for (const images of [1, 3]) {
        for (const height of SIZES) {
          for (const width of SIZES) {
            for (const [inputs, outputs] of CHANNELS) {
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
          }
        }
      }
    })
  })
}
