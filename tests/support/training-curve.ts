import type { Kernels } from '../../src-main/compute/kernels.ts'
import type { WeightMap } from '../../src-main/supernet/weights.ts'
import { trainIteration } from '../../src-main/training/train-iteration.ts'
import { buildGolden } from './golden-network.ts'
import type { GoldenNetwork } from './golden-network.ts'
import {
  goldenPoseBatch,
  goldenSegmentationBatch,
  optimizerConfig,
  RecordingOptimizer,
  recordingOutput,
  takeScalar,
} from './golden-training.ts'
import type { GoldenOptimizer } from './golden-training.ts'
import { goldenPath, numbersOf, readGoldenJson, readNpz } from './read-npz.ts'
import type { NpyArray } from './read-npz.ts'

export interface GoldenParameter {
  readonly norm: number
  readonly sum: number
  readonly float32Deviation: number
}

export interface GoldenStep extends GoldenNetwork {
  readonly loss: number
  readonly optimizer: GoldenOptimizer
  readonly activeParameters: readonly string[]
  readonly trackedNorms: readonly string[]
  readonly parameterNorms: Readonly<Record<string, GoldenParameter>>
  readonly fullParameters: readonly string[]
  readonly trajectory: readonly number[]
  readonly evalLossAfter10: number
}

export interface GoldenStepSet {
  readonly golden: GoldenStep
  readonly arrays: Readonly<Record<string, NpyArray>>
}

export function readStepSet(name: string): GoldenStepSet {
  return {
    golden: readGoldenJson<GoldenStep>(`train/${name}.json`),
    arrays: readNpz(goldenPath(`train/${name}.npz`)),
  }
}

/** Everything that a golden training set describes, measured on one backend; all on the host, in PyTorch layout. */
export interface TrainingCurve {
  /** Loss before each update. */
  readonly losses: readonly number[]
  /** Of the first iteration, as are the next three. */
  readonly gradients: ReadonlyMap<string, Float32Array>
  /** N, h, w, C. */
  readonly output: Float32Array
  readonly before: WeightMap
  readonly after: WeightMap
  /** With running statistics, after the last iteration. */
  readonly evaluationLoss: number
  readonly leakedTensors: number
}

/** Trains `iterations` times on the set's fixed batch with the product's own iteration, task and optimizer. */
export async function trainOnGolden(
  kernels: Kernels,
  { golden, arrays }: GoldenStepSet,
  iterations: number,
): Promise<TrainingCurve> {
  const { supernet, plan, weights } = buildGolden(kernels, golden)
  const batch = recordingOutput(
    kernels,
    golden.task === 'pose'
      ? goldenPoseBatch(kernels, golden)
      : goldenSegmentationBatch(kernels, golden, Int32Array.from(numbersOf(arrays, 'labels'))),
  )
  const optimizer = new RecordingOptimizer(supernet, optimizerConfig(golden.optimizer))
  const common = { supernet, plan, optimizer, batch, teacher: null, distillationWeight: 0 } as const
  const losses: number[] = []
  let after: WeightMap = new Map()
  let liveAfterFirst = 0
  for (let i = 0; i < iterations; i++) {
    const { task } = trainIteration({ ...common, learningRate: golden.optimizer.lr, idleWeights: 'skipIdle' })
    losses.push(takeScalar(kernels, task))
    if (i === 0) {
      optimizer.isRecording = false
      after = await supernet.weights()
      liveAfterFirst = kernels.liveTensors()
    }
  }
  const leakedTensors = kernels.liveTensors() - liveAfterFirst
  const session = supernet.openEvaluation()
  const { outputs } = session.forward(plan, batch.input)
  const { value, gradients } = batch.loss(outputs)
  ;[...outputs.map(({ handle }) => handle), ...gradients].forEach((handle) => {
    kernels.release(handle)
  })
  const evaluationLoss = takeScalar(kernels, value)
  session.close()
  batch.release()
  optimizer.dispose()
  supernet.dispose()
  return {
    losses,
    gradients: optimizer.gradients,
    output: batch.output(),
    before: weights,
    after,
    evaluationLoss,
    leakedTensors,
  }
}
