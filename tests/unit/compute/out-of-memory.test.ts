import { describe, expect, it } from 'vitest'
import type { Handle, Kernels } from '../../../src-main/compute/kernels.ts'
import { loadTensorflowBinding } from '../../../src-main/compute/tensorflow/load-binding.ts'
import type { TensorflowBinding } from '../../../src-main/compute/tensorflow/load-binding.ts'
import { createTensorflowKernels } from '../../../src-main/compute/tensorflow/tensorflow-kernels.ts'
import { toErrorInfo } from '../../../src-main/contract/index.ts'
import { testBackends } from '../../support/backends.ts'
import { nativeKernels } from '../../support/native-kernels.ts'

function errorOf(action: () => unknown): unknown {
  try {
    action()
  } catch (thrown) {
    return thrown
  }
  throw new Error('it came through')
}

for (const { name, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(`memory that runs out on ${name}`, () => {
    it('is named, and leaves no tensor', () => {
      if (kernels === null) {
        return
      }
      const before = kernels.liveTensors()
      // More bytes than the address space of either backend has.
      const thrown = name === 'wasm' ? tooLargeConvolution(kernels) : tooLargeProduct(kernels)
      expect(toErrorInfo(thrown)).toMatchObject({
        code: 'OUT_OF_MEMORY',
        message: expect.stringContaining('smaller batch') as string,
      })
      expect(kernels.liveTensors()).toBe(before)
      // And it goes on.
      const [one, two] = [kernels.upload(Float32Array.of(1), [1]), kernels.upload(Float32Array.of(2), [1])]
      const sum = kernels.add([one, two])
      expect([...kernels.downloadSync(sum)]).toEqual([3])
      ;[one, two, sum].forEach((handle) => {
        kernels.release(handle)
      })
      // TensorFlow waits ten seconds for others to give memory back before it gives up.
    }, 60_000)
  })
}

/** 16 TB. */
function tooLargeProduct(kernels: Kernels): unknown {
  const side = 2 ** 21
  const column = kernels.upload(new Float32Array(side), [side, 1])
  const row = kernels.upload(new Float32Array(side), [1, side])
  const thrown = errorOf(() => kernels.mul(column, row))
  kernels.release(column)
  kernels.release(row)
  return thrown
}

/** One megabyte less than 4 GiB, which is the whole heap. */
function tooLargeConvolution(kernels: Kernels): unknown {
  const side = 1024
  const x = kernels.upload(new Float32Array(side * side), [1, side, side, 1])
  const w = kernels.upload(new Float32Array(1023), [1, 1, 1, 1023])
  const thrown = errorOf(() => kernels.conv2d(x, [1, side, side, 1], w, [1, 1, 1, 1023], 1))
  kernels.release(x)
  kernels.release(w)
  return thrown
}

describe('what says that memory ran out', () => {
  it('is recognised by its wording', () => {
    for (const message of [
      'OOM when allocating tensor with shape[16,64]',
      'Array buffer allocation failed',
      'the WebAssembly heap has no 16 bytes left (it ends at 4 GiB)',
      'std::bad_alloc',
    ]) {
      expect(toErrorInfo(new RangeError(message))).toMatchObject({ code: 'OUT_OF_MEMORY' })
    }
    expect(toErrorInfo(new Error('a tensor of shape [2] holds 2 values, got 3')).code).toBe('INTERNAL')
  })
})

describe.skipIf(nativeKernels() === null)(
  'native kernels of several operations, whichever of them fails,',
  () => {
    /** The binding, with a countdown until its operations fail. */
    function breakableBinding(real: TensorflowBinding) {
      let left = Number.POSITIVE_INFINITY
      const executeOp: TensorflowBinding['executeOp'] = (...args) => {
        left -= 1
        if (left < 0) {
          throw new Error('OOM when allocating')
        }
        return real.executeOp(...args)
      }
      // The members of the real one are neither enumerable nor may a proxy of it answer otherwise; a descendant may.
      const binding = Object.create(real, { executeOp: { value: executeOp } }) as TensorflowBinding
      return { binding, allow: (operations: number) => (left = operations) }
    }

    it('leave no tensor behind', () => {
      const { binding, allow } = breakableBinding(loadTensorflowBinding().binding)
      const k = createTensorflowKernels(binding, 'cpu')
      const shape = [1, 4, 4, 2]
      const x = k.upload(new Float32Array(32).fill(0.5), shape)
      const [scale, shift] = [k.upload(Float32Array.of(1, 1), [2]), k.upload(Float32Array.of(0, 0), [2])]
      const saved = k.batchNormTrain(x, shape, scale, shift, shift, scale, 0.1, true)
      const variable = k.createVariable(new Float32Array(2), [2])
      const buffer = k.createVariable(new Float32Array(2), [2])
      const momentum = { learningRate: 0.1, momentum: 0.9, weightDecay: 0.5 }
      const calls: readonly (() => readonly Handle[])[] = [
        () => [k.addRelu([x, x, x])],
        () => [k.sumOfSquares(x)],
        () => [k.upsampleNearestGradient(x, shape, 2)],
        () => [k.argMaxChannels(x, shape)],
        () => [k.batchNormInference(x, scale, shift, shift, scale, true)],
        () => {
          const out = k.batchNormTrain(x, shape, scale, shift, shift, scale, 0.1, true)
          return [out.y, out.runningMean, out.runningVariance, ...out.saved]
        },
        () => k.batchNormGradient(x, x, saved.y, scale, saved.saved, true),
        () => {
          k.applyMomentum(variable, buffer, scale, momentum)
          return []
        },
        () => {
          k.releaseVariable(k.createVariable(new Float32Array(2), [2]))
          return []
        },
      ]
      calls.forEach((call, index) => {
        const attempt = (): void => {
          call().forEach((handle) => {
            k.release(handle)
          })
        }
        attempt()
        const before = k.liveTensors()
        for (let operations = 0, isDone = false; !isDone; operations++) {
          allow(operations)
          try {
            attempt()
            isDone = true
          } catch (thrown) {
            expect(String(thrown)).toContain('OOM')
          }
          allow(Number.POSITIVE_INFINITY)
          expect(k.liveTensors(), `kernel ${String(index)} after ${String(operations)} operations`).toBe(
            before,
          )
        }
      })
      ;[x, scale, shift, saved.y, saved.runningMean, saved.runningVariance, ...saved.saved].forEach(
        (handle) => {
          k.release(handle)
        },
      )
      k.releaseVariable(variable)
      k.releaseVariable(buffer)
    })
  },
)
