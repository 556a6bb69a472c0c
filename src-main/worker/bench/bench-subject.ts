import type { Kernels } from '../../compute/kernels.ts'
import type { Value } from '../../compute/network-ops.ts'
import { EngineError } from '../../contract/index.ts'
import type { BenchSubnet, BenchWork, RunConfig } from '../../contract/index.ts'
import type { Batch } from '../../datasets/batch.ts'
import { requireBottomUp } from '../../datasets/require-bottom-up.ts'
import { trainingInputSize } from '../../datasets/training-input-size.ts'
import type { Genotype } from '../../nas/genotype.ts'
import { hrnetGenotype, largestGenotype, smallestGenotype } from '../../nas/named-genotypes.ts'
import { planNetwork, planParameters } from '../../nas/network-plan.ts'
import { createSearchSpace } from '../../nas/search-space.ts'
import type { SearchSpace } from '../../nas/search-space.ts'
import { withoutDeadNodes } from '../../supernet/extract-subnet.ts'
import { initialWeights } from '../../supernet/initialise.ts'
import { openFolded } from '../../supernet/open-folded.ts'
import type { DeployedNetwork } from '../../supernet/open-folded.ts'
import { Supernet } from '../../supernet/supernet.ts'
import type { WeightMap } from '../../supernet/weights.ts'
import { createBottomUpTask } from '../../tasks/bottom-up-task.ts'
import { createPoseTask } from '../../tasks/pose-task.ts'
import { createSegmentationTask } from '../../tasks/segmentation-task.ts'
import type { Task } from '../../tasks/task.ts'
import { Optimizer } from '../../training/optimizer.ts'
import { trainIteration } from '../../training/train-iteration.ts'
import { BENCH_IGNORE_LABEL, createBenchBatch } from './bench-batch.ts'

export interface BenchSubjectOptions {
  readonly config: RunConfig
  readonly outputs: number
  readonly subnet: BenchSubnet
  readonly batch: number
}

/** A member of a super-network alone on the device with one batch, ready to be trained or run again and again. */
export interface BenchSubject {
  readonly weights: WeightMap
  readonly batch: Batch
  /** One optimizer update. @returns its task loss. */
  step(): number
  /** One forward pass with running statistics. @returns its output at stride 4, N x H/4 x W/4 x channels. */
  infer(): Float32Array
  /** The same as a network that was exported for use. @returns its output, within 1e-4 of the largest value of that of `infer`. */
  inferDeployed(): Float32Array
  dispose(): void
}

/** @throws EngineError BAD_REQUEST if the configuration describes no network. */
export function openBenchSubject(kernels: Kernels, options: BenchSubjectOptions): BenchSubject {
  const { config, outputs, subnet, batch: size } = options
  const space = createSearchSpace({ task: config.task, ...config.space })
  const shape = { task: config.task, ...config.network, outputs }
  const plan = planNetwork(space, shape, namedGenotype(space, subnet))
  const specs = planParameters(plan)
  const weights = initialWeights(specs, shape, config.seed)
  const supernet = new Supernet(kernels, space, shape, weights, specs)
  const { optimizer: settings, idleWeights } = config.supernet
  const optimizer = new Optimizer(supernet, settings)
  const batch = createBenchBatch(config, outputs, size)
  const onDevice = createTask(config, outputs).upload(kernels, batch)
  let deployed: DeployedNetwork | null = null
  return {
    weights,
    batch,
    step() {
      const { task } = trainIteration({
        ...{ supernet, optimizer, plan, batch: onDevice, idleWeights },
        learningRate: settings.learningRate,
        teacher: null,
        distillationWeight: 0,
      })
      const [loss = Number.NaN] = kernels.downloadSync(task)
      kernels.release(task)
      return loss
    },
    infer() {
      // Parameters are read anew each time, as a session of one batch would.
      const session = supernet.openEvaluation()
      try {
        return takeFirst(kernels, session.forward(plan, onDevice.input).outputs)
      } finally {
        session.close()
      }
    },
    inferDeployed() {
      deployed ??= openFolded(kernels, { space, shape, plan: withoutDeadNodes(plan) }, weights)
      return takeFirst(kernels, deployed.forward(onDevice.input))
    },
    dispose() {
      deployed?.dispose()
      onDevice.release()
      optimizer.dispose()
      supernet.dispose()
    },
  }
}

export function repeatWork(subject: BenchSubject, work: BenchWork): void {
  switch (work) {
    case 'step':
      subject.step()
      return
    case 'inference':
      subject.infer()
      return
    case 'deployed':
      subject.inferDeployed()
      return
    default:
      work satisfies never
  }
}

/** Downloads all outputs, so that all are computed, and releases them. */
function takeFirst(kernels: Kernels, outputs: readonly Value[]): Float32Array {
  const [first = new Float32Array(0)] = outputs.map(({ handle }) => {
    const output = kernels.downloadSync(handle)
    kernels.release(handle)
    return output
  })
  return first
}

export function namedGenotype(space: SearchSpace, subnet: BenchSubnet): Genotype {
  switch (subnet) {
    case 'smallest':
      return smallestGenotype(space)
    case 'hrnet':
      return hrnetGenotype(space)
    case 'largest':
      return largestGenotype(space)
    default:
      throw new EngineError('BAD_REQUEST', `There is no subnet "${String(subnet satisfies never)}".`)
  }
}

function createTask(config: RunConfig, outputs: number): Task {
  switch (config.task) {
    case 'pose':
      return createPoseTask(outputs, config.network)
    case 'bottom-up-pose':
      return createBottomUpTask({
        joints: outputs,
        network: config.network,
        config: requireBottomUp(config),
      })
    case 'segmentation':
      return createSegmentationTask({
        classes: outputs,
        ignoreLabel: BENCH_IGNORE_LABEL,
        network: trainingInputSize(config),
        config: config.segmentation,
        classWeights: null,
      })
    default:
      return config.task satisfies never
  }
}
