import type { BatchNormTrained, Handle, Kernels } from '../kernels.ts'
import { FUSED_NORM } from './fused-operations.ts'
import type { FusedOperations } from './fused-operations.ts'
import type { TensorflowRuntime } from './runtime.ts'

type BatchNorms = Pick<Kernels, 'batchNormTrain' | 'batchNormGradient' | 'batchNormInference'>

/** Fused batch norm with its own gradient operation; the ReLU is an operation of its own where the library cannot take it along. */
export function createBatchNorms(runtime: TensorflowRuntime, fused: FusedOperations): BatchNorms {
  const { run, one, attributes, release, upload } = runtime
  const zeroStatistics = upload(new Float32Array(0), [0])
  return {
    batchNormTrain(
      x,
      _shape,
      gamma,
      beta,
      runningMean,
      runningVariance,
      momentum,
      withRelu,
    ): BatchNormTrained {
      // With momentum 1 TensorFlow wants empty running values; the batch statistics come out unmixed.
      const isMixed = momentum !== 1
      const isFused = withRelu && fused.normWithRelu
      const outputs = run(
        isFused ? FUSED_NORM : 'FusedBatchNormV3',
        isFused ? attributes.fusedNormTrain(momentum) : attributes.batchNormTrain(momentum),
        [x, gamma, beta, isMixed ? runningMean : zeroStatistics, isMixed ? runningVariance : zeroStatistics],
        6,
      )
      const [y, mean, variance, ...saved] = outputs
      if (y === undefined || mean === undefined || variance === undefined) {
        throw new Error('FusedBatchNormV3 returned fewer outputs than declared')
      }
      try {
        return {
          y: withRelu && !isFused ? rectify(runtime, y) : y,
          runningMean: mean,
          runningVariance: variance,
          saved,
        }
      } catch (thrown) {
        // The ReLU released y.
        ;[mean, variance, ...saved].forEach(release)
        throw thrown
      }
    },
    batchNormGradient(dy, x, y, gamma, saved, withRelu) {
      const inner = withRelu ? one('ReluGrad', attributes.float, [dy, y]) : dy
      let outputs: readonly Handle[]
      try {
        outputs = run('FusedBatchNormGradV3', attributes.batchNormGradient, [inner, x, gamma, ...saved], 5)
      } finally {
        if (withRelu) {
          release(inner)
        }
      }
      const [dx, dGamma, dBeta, ...rest] = outputs
      rest.forEach(release)
      if (dx === undefined || dGamma === undefined || dBeta === undefined) {
        throw new Error('FusedBatchNormGradV3 returned fewer outputs than declared')
      }
      return [dx, dGamma, dBeta]
    },
    batchNormInference: createInference(runtime, fused),
  }
}

function createInference(
  runtime: TensorflowRuntime,
  fused: FusedOperations,
): BatchNorms['batchNormInference'] {
  const { run, attributes, release } = runtime
  return (x, gamma, beta, mean, variance, withRelu) => {
    const isFused = withRelu && fused.normWithRelu
    const [y, ...rest] = run(
      isFused ? FUSED_NORM : 'FusedBatchNormV3',
      isFused ? attributes.fusedNormInference : attributes.batchNormInference,
      [x, gamma, beta, mean, variance],
      6,
    )
    rest.forEach(release)
    if (y === undefined) {
      throw new Error('FusedBatchNormV3 returned nothing')
    }
    return withRelu && !isFused ? rectify(runtime, y) : y
  }
}

/** ReLU that takes its input over. */
function rectify({ one, attributes, release }: TensorflowRuntime, x: Handle): Handle {
  try {
    return one('Relu', attributes.float, [x])
  } finally {
    release(x)
  }
}
