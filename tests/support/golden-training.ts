import { singleOutput } from '../../src-main/compute/network-ops.ts'
import type { Handle, Kernels } from '../../src-main/compute/kernels.ts'
import type { OptimizerConfig } from '../../src-main/contract/index.ts'
import { createPoseTask } from '../../src-main/tasks/pose-task.ts'
import { createSegmentationTask } from '../../src-main/tasks/segmentation-task.ts'
import type { DeviceBatch } from '../../src-main/tasks/task.ts'
import { Optimizer } from '../../src-main/training/optimizer.ts'
import type { Supernet } from '../../src-main/supernet/supernet.ts'
import { fromDeviceLayout } from '../../src-main/supernet/weights.ts'
import { formulaJoints } from './formula-joints.ts'
import { goldenPixels } from './golden-network.ts'
import type { GoldenSupernet } from './golden-network.ts'

/** As the sets write it; the seg sets have no betas, the pose sets no momentum. */
export interface GoldenOptimizer {
  readonly kind: 'adam' | 'sgd'
  readonly lr: number
  readonly momentum?: number
  readonly weightDecay?: number
}

export const IGNORE_LABEL = 255

export function optimizerConfig({ kind, lr, momentum, weightDecay }: GoldenOptimizer): OptimizerConfig {
  return {
    kind,
    learningRate: lr,
    momentum: momentum ?? 0,
    weightDecay: weightDecay ?? 0,
    schedule: 'constant',
    dropAt: [],
  }
}

/** The fixed batch of a pose set: formula input, formula joints. */
export function goldenPoseBatch(kernels: Kernels, golden: GoldenSupernet): DeviceBatch {
  const [size, , inputHeight, inputWidth] = golden.input.shape
  const { target, weights } = formulaJoints(golden.input.seed, golden.input.shape, golden.outputs)
  const task = createPoseTask(golden.outputs, { inputHeight, inputWidth })
  const input = goldenPixels(golden.input)
  return task.upload(kernels, { kind: 'pose', size, ids: [], input, target, weights, toImage: [] })
}

/** The fixed batch of a seg set; the published loss of that set has no mining and no class weights. */
export function goldenSegmentationBatch(
  kernels: Kernels,
  golden: GoldenSupernet,
  labels: Int32Array,
): DeviceBatch {
  const [size, , inputHeight, inputWidth] = golden.input.shape
  const task = createSegmentationTask({
    classes: golden.outputs,
    ignoreLabel: IGNORE_LABEL,
    network: { inputHeight, inputWidth },
    classWeights: null,
    config: {
      augment: false,
      scaleMin: 1,
      scaleMax: 1,
      flipProbability: 0,
      miningShare: 0,
      miningThreshold: 0,
      classWeights: 'none',
    },
  })
  return task.upload(kernels, {
    kind: 'segmentation',
    size,
    ids: [],
    input: goldenPixels(golden.input),
    labels,
  })
}

/** An optimizer that also keeps the gradients it is given, on the host and in PyTorch layout, until told to stop. */
export class RecordingOptimizer extends Optimizer {
  readonly gradients = new Map<string, Float32Array>()
  isRecording = true
  readonly #from: Supernet

  constructor(supernet: Supernet, config: OptimizerConfig) {
    super(supernet, config)
    this.#from = supernet
  }

  override update(name: string, gradient: Handle, learningRate: number): void {
    if (this.isRecording) {
      const values = this.#from.kernels.downloadSync(gradient)
      this.gradients.set(name, fromDeviceLayout(values, this.#from.parameter(name).spec.shape))
    }
    super.update(name, gradient, learningRate)
  }
}

/** The batch, with the first raw output of a network copied to the host. */
export function recordingOutput(
  kernels: Kernels,
  batch: DeviceBatch,
): DeviceBatch & { output(): Float32Array } {
  let first: Float32Array | null = null
  return {
    ...batch,
    loss: (outputs) => {
      first ??= kernels.downloadSync(singleOutput(outputs).handle)
      return batch.loss(outputs)
    },
    output: () => first ?? new Float32Array(0),
  }
}

/** Downloads a scalar and releases it. */
export function takeScalar(kernels: Kernels, scalar: Handle): number {
  const [value = Number.NaN] = kernels.downloadSync(scalar)
  kernels.release(scalar)
  return value
}
