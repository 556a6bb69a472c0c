import { describe, expect, it } from 'vitest'
import type { MetricPoint, TrainConfig } from '../../../src-main/contract/index.ts'
import type { PoseBatch } from '../../../src-main/datasets/batch.ts'
import { createRandom } from '../../../src-main/nas/random.ts'
import { createPoseTask } from '../../../src-main/tasks/pose-task.ts'
import { Optimizer } from '../../../src-main/training/optimizer.ts'
import { trainPhase } from '../../../src-main/training/train-phase.ts'
import { testBackends } from '../../support/backends.ts'
import { smallSupernet } from '../../support/small-supernet.ts'

const CONFIG: TrainConfig = {
  ...{ epochs: 1, batch: 2, checkpointEvery: 4 },
  optimizer: {
    ...{ kind: 'adam', learningRate: 1e-3, momentum: 0.9, weightDecay: 0, schedule: 'constant', dropAt: [] },
  },
}

function batchOf(iteration: number, input = Number.NaN): PoseBatch {
  const random = createRandom('train phase', iteration)
  const draw = (count: number) => Float32Array.from({ length: count }, () => random.next())
  const images = draw(2 * 32 * 32 * 3)
  return {
    ...{ kind: 'pose', size: 2, ids: [], toImage: [] },
    input: Number.isNaN(input) ? images : images.fill(input),
    target: draw(2 * 8 * 8 * 3),
    weights: new Float32Array(6).fill(1),
  }
}

const [backend] = (await testBackends()).filter(({ kernels }) => kernels !== null)
const kernels = backend?.kernels
if (kernels === null || kernels === undefined) {
  throw new Error('no backend: WebAssembly is always there')
}

/** Trains seven iterations and lists what was told, in order. */
async function train(readLossEvery: number, spoiledAt = -1) {
  const before = kernels?.liveTensors() ?? 0
  const told: string[] = []
  const points: MetricPoint[] = []
  const { supernet, plan } = smallSupernet(kernels as NonNullable<typeof kernels>)
  const optimizer = new Optimizer(supernet, CONFIG.optimizer)
  let next = 0
  let time = 0
  const ended = await trainPhase({
    ...{ phase: 'teacher', attempt: 1, supernet, optimizer, config: CONFIG, teacher: null },
    ...{ task: createPoseTask(3, { inputHeight: 32, inputWidth: 32 }), iterationsPerEpoch: 7 },
    ...{ startIteration: 0, totalIterations: 7, readLossEvery },
    drawPlan: () => ({ plan, turn: -1 }),
    nextBatch: () => {
      const batch = batchOf(next, next === spoiledAt ? Number.POSITIVE_INFINITY : Number.NaN)
      next += 1
      return Promise.resolve(batch)
    },
    hooks: {
      onMetrics: (received) => {
        points.push(...received)
      },
      onProgress: (done) => told.push(`progress ${String(done)}`),
      onCheckpoint: (iteration) => {
        told.push(`checkpoint ${String(iteration)} after ${String(points.length)} losses`)
        return Promise.resolve()
      },
      shouldStop: () => false,
      breathe: () => Promise.resolve(),
      now: () => (time += 10),
      residentBytes: () => 1,
    },
  }).catch((thrown: unknown) => (thrown instanceof Error ? thrown.message : String(thrown)))
  optimizer.dispose()
  supernet.dispose()
  return { ended, told, points, left: (kernels?.liveTensors() ?? 0) - before }
}

describe('losses that are read every few iterations', () => {
  it('are those of reading each at once, and all there at every checkpoint and at the end', async () => {
    const atOnce = await train(1)
    const together = await train(3)
    const losses = (run: typeof atOnce) => run.points.map(({ iteration, loss }) => [iteration, loss])
    expect(losses(together)).toEqual(losses(atOnce))
    expect(together.ended).toBe(atOnce.points.at(-1)?.loss)
    expect(together.told).toContain('checkpoint 4 after 4 losses')
    expect(together.told).toContain('checkpoint 7 after 7 losses')
  })

  it('say with every loss what the backend holds', async () => {
    const { points } = await train(3)
    expect(points.map(({ backendBytes }) => backendBytes)).toEqual(points.map(() => kernels.backendBytes()))
  })

  it('still end the phase when one is no number, before the checkpoint, and leave nothing behind', async () => {
    await train(1)
    const { ended, told, left } = await train(3, 1)
    expect(ended).toMatch(/became NaN at iteration 1/)
    expect(told.filter((line) => line.startsWith('checkpoint'))).toEqual([])
    expect(left).toBeLessThanOrEqual(0)
  })
})
