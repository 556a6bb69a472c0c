import { BATCH_NORM_EPSILON } from '../kernels.ts'
import { TOLERANCE, pick, sizeOf, values, withTensors, worst } from './case-support.ts'
import type { ConformanceCase } from './case-support.ts'
import * as reference from './reference.ts'
import type { Shape4 } from './reference.ts'

export function normCase(shape: Shape4, relu: boolean, isQuick: boolean): ConformanceCase {
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
        [
          [x, shape],
          [gamma, [c]],
          [beta, [c]],
          [running, [c]],
          [running, [c]],
          [dy, shape],
        ],
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

export function normInferenceCase(): ConformanceCase {
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
        withTensors(
          kernels,
          [
            [x, shape],
            [gamma, [c]],
            [beta, [c]],
            [mean, [c]],
            [variance, [c]],
          ],
          (t) => [
            kernels.batchNormInference(pick(t, 0), pick(t, 1), pick(t, 2), pick(t, 3), pick(t, 4), true),
          ],
        ),
        [want],
      ),
  }
}
