import { holdHandles } from '../compute/handle-scope.ts'
import type { Kernels } from '../compute/kernels.ts'
import { singleOutput } from '../compute/network-ops.ts'
import type { NetworkConfig, SegmentationTaskConfig } from '../contract/index.ts'
import type { Batch } from '../datasets/batch.ts'
import { segmentationLoss } from './segmentation-loss.ts'
import type { DeviceBatch, Task } from './task.ts'

export interface SegmentationTaskOptions {
  readonly classes: number
  readonly ignoreLabel: number
  readonly network: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>
  readonly config: SegmentationTaskConfig
  /** One per class, or null. */
  readonly classWeights: readonly number[] | null
}

/** Segmentation: logits per class at stride 4 of the image. */
export function createSegmentationTask(options: SegmentationTaskOptions): Task {
  return {
    kind: 'segmentation',
    outputs: options.classes,
    metricName: 'mIoU',
    upload: (kernels, batch) => uploadSegmentation(kernels, batch, options),
  }
}

function uploadSegmentation(kernels: Kernels, batch: Batch, options: SegmentationTaskOptions): DeviceBatch {
  if (batch.kind !== 'segmentation') {
    throw new TypeError(`a segmentation task got a ${batch.kind} batch`)
  }
  const { size, labels } = batch
  const { inputHeight: height, inputWidth: width } = options.network
  const { ignoreLabel, classWeights } = options
  const { miningShare, miningThreshold } = options.config
  const keep = miningShare === 0 ? 0 : Math.max(1, Math.floor(labels.length / miningShare))
  const mining = { keep, threshold: miningThreshold, ignoreLabel, classWeights }
  const known = labels.map((label) => (label === ignoreLabel ? 0 : label))
  return holdHandles(kernels, (scope) => {
    const input = scope.own(kernels.upload(batch.input, [size, height, width, 3]))
    const safeLabels = scope.own(kernels.upload(known, [labels.length]))
    return {
      input: { handle: input, shape: [size, height, width, 3] },
      size,
      loss: (outputs) =>
        segmentationLoss(kernels, singleOutput(outputs), { labels, safeLabels, height, width }, mining),
      release: () => {
        scope.dispose()
      },
    }
  })
}
