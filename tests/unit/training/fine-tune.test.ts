import { describe, expect, it } from 'vitest'
import { singleOutput } from '../../../src-main/compute/network-ops.ts'
import type { Kernels } from '../../../src-main/compute/kernels.ts'
import type { FineTuneEpoch } from '../../../src-main/contract/index.ts'
import type { Batch } from '../../../src-main/datasets/batch.ts'
import { smallestGenotype } from '../../../src-main/nas/named-genotypes.ts'
import { planNetwork, planParameters } from '../../../src-main/nas/network-plan.ts'
import { extractSubnet, openStandAlone } from '../../../src-main/supernet/extract-subnet.ts'
import type { StandAloneSubnet } from '../../../src-main/supernet/extract-subnet.ts'
import { measureStatistics } from '../../../src-main/supernet/recalibrate.ts'
import type { Supernet } from '../../../src-main/supernet/supernet.ts'
import { createPoseTask } from '../../../src-main/tasks/pose-task.ts'
import { fineTune } from '../../../src-main/training/fine-tune.ts'
import type { FineTuneOptions } from '../../../src-main/training/fine-tune.ts'
import { Optimizer } from '../../../src-main/training/optimizer.ts'
import { trainIteration } from '../../../src-main/training/train-iteration.ts'
import { testBackends } from '../../support/backends.ts'
import { symmetric } from '../../support/formula-weights.ts'
import { takeScalar } from '../../support/golden-training.ts'
import { smallSpace, smallSupernet } from '../../support/small-supernet.ts'

const [SIZE, OUTPUTS, BATCH] = [32, 3, 2]
const task = createPoseTask(OUTPUTS, { inputHeight: SIZE, inputWidth: SIZE })
const STAGES = [
  { epochs: 2, learningRate: 1e-3 },
  { epochs: 1, learningRate: 1e-4 },
]
const PER_EPOCH = 2

for (const { name: backend, kernels } of await testBackends()) {
  describe.skipIf(kernels === null)(`fineTune on ${backend}`, () => {
    const given = (run: (kernels: Kernels) => Promise<void>) => () =>
      kernels === null ? undefined : run(kernels)

    it(
      'is Adam over the stages, without teacher, and keeps the first best epoch',
      given(async (kernels) => {
        const start = await extracted(kernels)
        const byHand = await trainByHand(kernels, start)
        const network = openStandAlone(kernels, smallSpace(), start)
        const told: FineTuneEpoch[] = []
        // Epochs 2 and 3 tie, so 2 is kept.
        const { epochs, best } = await fineTune(
          optionsOf(network, start, { accuracies: [0.5, 0.7, 0.7], onEpoch: (epoch) => told.push(epoch) }),
        )
        expect(best.epoch).toBe(2)
        expect(epochs.map(({ epoch, learningRate, accuracy }) => [epoch, learningRate, accuracy])).toEqual([
          [1, 1e-3, 0.5],
          [2, 1e-3, 0.7],
          [3, 1e-4, 0.7],
        ])
        expect(told).toEqual(epochs)
        // The same operations in the same order: the same bits.
        expect(epochs.map(({ loss }) => loss)).toEqual(byHand.losses)
        expect(best.weights).toEqual(byHand.weightsAfter[1])
        expect(await network.weights()).toEqual(byHand.weightsAfter[2])
        expect(byHand.weightsAfter[1]).not.toEqual(byHand.weightsAfter[2])
        network.dispose()
      }),
      60_000,
    )

    it(
      'moves running statistics, scores with them, and leaves no tensor behind',
      given(async (kernels) => {
        const start = await extracted(kernels)
        const network = openStandAlone(kernels, smallSpace(), start)
        const before = kernels.liveTensors()
        const outputs: Float32Array[] = []
        const { best } = await fineTune({
          ...optionsOf(network, start, { accuracies: [] }),
          stages: [{ epochs: 1, learningRate: 1e-3 }],
          evaluate: (forward) => {
            const onDevice = task.upload(kernels, batchOf(9))
            outputs.push(take(kernels, singleOutput(forward(onDevice.input)).handle))
            onDevice.release()
            return Promise.resolve(0.5)
          },
        })
        expect(kernels.liveTensors()).toBe(before)
        const norm = [...start.weights.keys()].find((name) => name.endsWith('.running_mean')) ?? ''
        expect(best.weights.get(norm)?.values).not.toEqual(start.weights.get(norm)?.values)
        const kept = openStandAlone(kernels, smallSpace(), { ...start, weights: best.weights })
        const session = kept.openEvaluation()
        const onDevice = task.upload(kernels, batchOf(9))
        const again = take(kernels, singleOutput(session.forward(start.plan, onDevice.input).outputs).handle)
        expect(again).toEqual(outputs[0])
        onDevice.release()
        session.close()
        kept.dispose()
        network.dispose()
      }),
      60_000,
    )

    it(
      'ends with STOPPED when asked to, with NUMERIC when the score is none, and frees the optimizer',
      given(async (kernels) => {
        const start = await extracted(kernels)
        const network = openStandAlone(kernels, smallSpace(), start)
        const before = kernels.liveTensors()
        let asked = 0
        await expect(
          fineTune(
            optionsOf(network, start, {
              accuracies: [0.5],
              shouldStop: () => (asked += 1) > PER_EPOCH + 1,
            }),
          ),
        ).rejects.toMatchObject({
          code: 'STOPPED',
          message: expect.stringContaining('epoch 2 of 3') as string,
        })
        await expect(fineTune(optionsOf(network, start, { accuracies: [Number.NaN] }))).rejects.toMatchObject(
          { code: 'NUMERIC' },
        )
        await expect(
          fineTune({ ...optionsOf(network, start, { accuracies: [] }), stages: [] }),
        ).rejects.toMatchObject({ code: 'BAD_REQUEST' })
        expect(kernels.liveTensors()).toBe(before)
        network.dispose()
      }),
      60_000,
    )
  })
}

interface Scripted {
  readonly accuracies: readonly number[]
  readonly onEpoch?: (epoch: FineTuneEpoch) => void
  readonly shouldStop?: () => boolean
}

function optionsOf(
  network: Supernet,
  { plan }: StandAloneSubnet,
  { accuracies, onEpoch, shouldStop }: Scripted,
): FineTuneOptions {
  let batches = 0
  let scored = 0
  return {
    ...{ network, plan, task, stages: STAGES, iterationsPerEpoch: PER_EPOCH },
    nextBatch: () => Promise.resolve(batchOf(batches++)),
    evaluate: () => Promise.resolve(accuracies[scored++] ?? 0),
    hooks: {
      onProgress: () => undefined,
      onEpoch: onEpoch ?? (() => undefined),
      shouldStop: shouldStop ?? (() => false),
      breathe: () => Promise.resolve(),
    },
  }
}

/** The same training spelled out, iteration by iteration. */
async function trainByHand(kernels: Kernels, start: StandAloneSubnet) {
  const network = openStandAlone(kernels, smallSpace(), start)
  const optimizer = new Optimizer(network, {
    ...{ kind: 'adam', learningRate: 1, momentum: 0, weightDecay: 0, schedule: 'constant', dropAt: [] },
  })
  const [losses, weightsAfter]: [number[], unknown[]] = [[], []]
  let batches = 0
  for (const learningRate of [1e-3, 1e-3, 1e-4]) {
    let sum = 0
    for (let i = 0; i < PER_EPOCH; i++) {
      const batch = task.upload(kernels, batchOf(batches++))
      const { task: loss } = trainIteration({
        ...{ supernet: network, optimizer, plan: start.plan, batch, learningRate },
        ...{ teacher: null, distillationWeight: 0, idleWeights: 'skipIdle' },
      })
      sum += takeScalar(kernels, loss)
      batch.release()
    }
    losses.push(sum / PER_EPOCH)
    weightsAfter.push(await network.weights())
  }
  optimizer.dispose()
  network.dispose()
  return { losses, weightsAfter }
}

async function extracted(kernels: Kernels): Promise<StandAloneSubnet> {
  const { supernet, space, shape } = smallSupernet(kernels)
  const plan = planNetwork(space, shape, smallestGenotype(space))
  const session = supernet.openEvaluation()
  const onDevice = task.upload(kernels, batchOf(77))
  const statistics = measureStatistics(kernels, session, plan, [onDevice.input])
  const start = await extractSubnet({ supernet, plan, statistics })
  expect(start.weights.size).toBe(planParameters(plan).length)
  onDevice.release()
  session.close()
  supernet.dispose()
  return start
}

function batchOf(seed: number): Batch {
  const maps = (BATCH * OUTPUTS * SIZE * SIZE) / 16
  return {
    ...{ kind: 'pose', size: BATCH, ids: [], toImage: [] },
    input: symmetric(seed, 'input', BATCH * SIZE * SIZE * 3, 1),
    target: symmetric(seed, 'target', maps, 1).map((v) => Math.max(0, v)),
    weights: new Float32Array(BATCH * OUTPUTS).fill(1),
  }
}

function take(kernels: Kernels, handle: Parameters<Kernels['release']>[0]): Float32Array {
  const values = kernels.downloadSync(handle)
  kernels.release(handle)
  return values
}
