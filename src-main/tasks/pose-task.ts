import { holdHandles } from '../compute/handle-scope.ts'
import type { Handle, Kernels, Shape } from '../compute/kernels.ts'
import { singleOutput } from '../compute/network-ops.ts'
import { POSE_METRIC_NAMES } from '../contract/index.ts'
import type { NetworkConfig, PoseMetric } from '../contract/index.ts'
import type { Batch } from '../datasets/batch.ts'
import { jointsMse } from './squared-losses.ts'
import type { DeviceBatch, Task } from './task.ts'

type InputSize = Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>

/** Share of the torso within which a joint counts as found. */
export const PCK_THRESHOLD = 0.2

/** Top-down pose: one heat map per joint at stride 4 of a person crop. */
export function createPoseTask(joints: number, network: InputSize, metric: PoseMetric = 'pck'): Task {
  return {
    kind: 'pose',
    outputs: joints,
    metricName: POSE_METRIC_NAMES[metric],
    upload: (kernels, batch) => uploadPose(kernels, batch, joints, network),
  }
}

function uploadPose(kernels: Kernels, batch: Batch, joints: number, network: InputSize): DeviceBatch {
  if (batch.kind !== 'pose') {
    throw new TypeError(`a pose task got a ${batch.kind} batch`)
  }
  const { size } = batch
  const { inputHeight: height, inputWidth: width } = network
  return holdHandles(kernels, (scope) => {
    const upload = (values: Float32Array, shape: Shape): Handle => scope.own(kernels.upload(values, shape))
    const input = upload(batch.input, [size, height, width, 3])
    const target = upload(batch.target, [size, height / 4, width / 4, joints])
    const weights = upload(batch.weights, [size, 1, 1, joints])
    return {
      input: { handle: input, shape: [size, height, width, 3] },
      size,
      loss: (outputs) => jointsMse(kernels, singleOutput(outputs), target, weights),
      release: () => {
        scope.dispose()
      },
    }
  })
}
