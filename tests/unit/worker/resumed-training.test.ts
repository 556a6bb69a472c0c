import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createWasmKernels } from '../../../src-main/compute/wasm/wasm-kernels.ts'
import type { RunRequest } from '../../../src-main/contract/index.ts'
import { freezeConfig } from '../../../src-main/engine/configure/freeze-config.ts'
import { createTemporaryFolder, readPresets } from '../../support/engine-core.ts'
import { newestBits, trainInWorker } from '../../support/train-in-worker.ts'

const kernels = await createWasmKernels()
const presets = await readPresets()

let folder: ReturnType<typeof createTemporaryFolder>
beforeEach(() => {
  folder = createTemporaryFolder()
})
afterEach(() => {
  folder.remove()
})

/** Three epochs of two iterations each; a checkpoint after each. */
function tinyConfig(overrides: RunRequest['overrides']) {
  return freezeConfig(presets, {
    preset: 'micro-pose',
    overrides: {
      ...{ 'dataset.drawn.train': 16, 'dataset.drawn.search': 8, 'dataset.drawn.report': 8 },
      ...{ 'teacher.epochs': 1, 'teacher.batch': 8, 'supernet.epochs': 3, 'supernet.batch': 8 },
      ...{ 'search.recalibrationBatches': 1, 'search.recalibrationBatchSize': 8 },
      ...{ 'supernet.checkpointEvery': 1 },
      ...overrides,
    },
  })
}

async function trainBoth(name: string, overrides: RunRequest['overrides'], killedAfter?: number) {
  const training = { kernels, config: tinyConfig(overrides), runFolder: join(folder.folder, name) }
  await trainInWorker({ ...training, job: { phase: 'teacher' } })
  const job = { phase: 'supernet' } as const
  if (killedAfter !== undefined) {
    await trainInWorker({ ...training, job, killedAfter })
  }
  const points = await trainInWorker({ ...training, job })
  return { points, bits: newestBits(training.runFolder, 'supernet') }
}

describe('a super-network that starts fresh', () => {
  const FRESH = { 'supernet.start': 'fresh', 'supernet.distillationWeight': 0 }
  const job = { phase: 'supernet' } as const

  it('needs no teacher, begins as a teacher does, and resumes to the same bits', async () => {
    const config = tinyConfig(FRESH)
    const whole = { kernels, config, runFolder: join(folder.folder, 'whole') }
    await trainInWorker({ ...whole, job })
    const resumed = { kernels, config, runFolder: join(folder.folder, 'resumed') }
    await trainInWorker({ ...resumed, job, killedAfter: 2 })
    await trainInWorker({ ...resumed, job })
    expect(newestBits(resumed.runFolder, 'supernet')).toEqual(newestBits(whole.runFolder, 'supernet'))
    // A trained teacher is another start.
    const { bits } = await trainBoth('taught', { ...FRESH, 'supernet.start': 'teacher' })
    expect(bits.weights).not.toBe(newestBits(whole.runFolder, 'supernet').weights)
  }, 120_000)

  it('asks for the teacher all the same where it is distilled', async () => {
    const config = tinyConfig({ ...FRESH, 'supernet.distillationWeight': 1 })
    const training = { kernels, config, runFolder: join(folder.folder, 'distilled') }
    await expect(trainInWorker({ ...training, job })).rejects.toMatchObject({ code: 'CHECKPOINT' })
  }, 120_000)
})

describe('a distillation weight that decays', () => {
  const DECAY = { 'supernet.distillationWeight': 1, 'supernet.distillationWeightEnd': 0 }

  it('ends at the same bits where the worker was lost in the middle', async () => {
    const whole = await trainBoth('whole', DECAY)
    const resumed = await trainBoth('resumed', DECAY, 3)
    expect(whole.bits.iteration).toBe(6)
    expect(resumed.bits).toEqual(whole.bits)
    const constant = await trainBoth('constant', { 'supernet.distillationWeight': 1 })
    expect(constant.bits.weights).not.toBe(whole.bits.weights)
  }, 120_000)

  it('is in the distillation loss of each iteration, which is 0 at the end', async () => {
    const { points } = await trainBoth('decay', DECAY)
    expect(points.map(({ iteration }) => iteration)).toEqual([0, 1, 2, 3, 4, 5])
    expect(points.slice(0, 5).filter(({ distillationLoss }) => distillationLoss === 0)).toEqual([])
    expect(points[5]?.distillationLoss).toBe(0)
    const { points: constant } = await trainBoth('constant', { 'supernet.distillationWeight': 1 })
    expect(points[0]?.distillationLoss).toBe(constant[0]?.distillationLoss)
  }, 120_000)
})
