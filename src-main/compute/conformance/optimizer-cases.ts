import type { Handle, Kernels } from '../kernels.ts'
import { TOLERANCE, relativeError, values } from './case-support.ts'
import type { ConformanceCase } from './case-support.ts'
import * as reference from './reference.ts'

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

export function adamCase(): ConformanceCase {
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

export function momentumCase(): ConformanceCase {
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
