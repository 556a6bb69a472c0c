import { holdHandles } from '../compute/handle-scope.ts'
import type { Kernels } from '../compute/kernels.ts'
import type { BottomUpTaskConfig, NetworkConfig } from '../contract/index.ts'
import type { Batch, SceneTarget } from '../datasets/batch.ts'
import { bottomUpLoss, type HeatTarget } from './bottom-up-loss.ts'
import type { DeviceBatch, Task } from './task.ts'

export interface BottomUpTaskOptions {
  readonly joints: number
  readonly network: Pick<NetworkConfig, 'inputHeight' | 'inputWidth'>
  readonly config: Pick<BottomUpTaskConfig, 'tagWeight' | 'tagPush'>
}

/** Bottom-up pose: heat maps of everybody at stride 4 and 2 of a whole picture, and tags that tell persons apart. */
export function createBottomUpTask(options: BottomUpTaskOptions): Task {
  return {
    kind: 'bottom-up-pose',
    outputs: options.joints,
    metricName: 'OKS AP',
    upload: (kernels, batch) => uploadScenes(kernels, batch, options),
  }
}

function uploadScenes(kernels: Kernels, batch: Batch, options: BottomUpTaskOptions): DeviceBatch {
  if (batch.kind !== 'bottom-up-pose') {
    throw new TypeError(`a bottom-up task got a ${batch.kind} batch`)
  }
  const { size, persons } = batch
  const { inputHeight: height, inputWidth: width } = options.network
  const shape = [size, height, width, 3]
  return holdHandles(kernels, (scope) => {
    const input = scope.own(kernels.upload(batch.input, shape))
    const upload = (target: SceneTarget, stride: number): HeatTarget => {
      const [h, w] = [height / stride, width / stride]
      return {
        heat: scope.own(kernels.upload(target.heat, [size, h, w, options.joints])),
        mask: scope.own(kernels.upload(target.mask, [size, h, w, 1])),
      }
    }
    const target = {
      coarse: upload(batch.coarse, 4),
      fine: upload(batch.fine, 2),
      persons,
      tagWeight: options.config.tagWeight,
      tagPush: options.config.tagPush ?? 'exp',
    }
    return {
      input: { handle: input, shape },
      size,
      loss: (outputs) => bottomUpLoss(kernels, outputs, target),
      release: () => {
        scope.dispose()
      },
    }
  })
}
