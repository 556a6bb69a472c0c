import { beforeAll, describe, expect, it } from 'vitest'
import type { Calibration, RunConfig } from '../../../../src-main/contract/index.ts'
import { describeEstimate } from '../../../../src-main/cli/describe-estimate.ts'
import { estimateByCalibration } from '../../../../src-main/engine/calibration/estimate-times.ts'
import { chooseRepresentative } from '../../../../src-main/engine/calibration/representative.ts'
import { countCandidates, estimateCost } from '../../../../src-main/engine/configure/estimate-cost.ts'
import { freezeConfig } from '../../../../src-main/engine/configure/freeze-config.ts'
import { createSearchSetup } from '../../../../src-main/engine/configure/search-setup.ts'
import { countCost } from '../../../../src-main/nas/cost.ts'
import { hrnetGenotype } from '../../../../src-main/nas/named-genotypes.ts'
import { planNetwork } from '../../../../src-main/nas/network-plan.ts'
import { readPresets } from '../../../support/engine-core.ts'

let config: RunConfig

beforeAll(async () => {
  config = freezeConfig(await readPresets(), { preset: 'mini-pose', overrides: {} })
})

/** Two cores: a step of the representative batch on one thread, and two search workers. */
function calibrate(stepMs: number, imagesPerSecond: number): Calibration {
  const { name, subnet, batch, images } = chooseRepresentative(config)
  return {
    ...{ key: '', network: name, machine: { processor: 'Test', cores: 2, memoryBytes: 2 ** 33 } },
    ...{ versions: { tensorflow: '2' }, codeVersion: '1', measuredAt: 1000, seconds: 5, load: 0 },
    ...{ subnet, batch, images, backend: 'tensorflow', notes: [] },
    steps: [{ backend: 'tensorflow', threads: 1, rounds: [stepMs, stepMs, stepMs] }],
    searches: [{ backend: 'tensorflow', workers: 2, threads: 1, rounds: [imagesPerSecond] }],
  }
}

function estimate(calibration: Calibration, loaderMs: number | null = null, asked = config) {
  const times = estimateByCalibration({ config: asked, calibration, loaderMs, dataset: null })
  if (times === null) {
    throw new Error('nothing was estimated')
  }
  return times
}

describe('times by a calibration', () => {
  it('are the measured step, scaled by the operations of the run', () => {
    const calibration = calibrate(320, 100)
    const { teacher, supernet, dataset } = config
    const times = estimate(calibration)
    // An independent count: multiply-adds of whole networks, which leave out that the first layer needs no gradient of its images.
    const { space, shape, smallest, largest } = createSearchSetup(config, 14)
    const hrnet = countCost(planNetwork(space, shape, hrnetGenotype(space))).macs
    const perImage = 0.32 / calibration.images
    const teacherSeconds = (teacher.epochs * dataset.drawn.train * perImage * largest.macs) / hrnet
    expect((times.secondsTeacher ?? 0) / teacherSeconds).toBeCloseTo(1, 1)
    const mean = (smallest.macs + largest.macs) / 2 + largest.macs / 3
    const supernetSeconds = (supernet.epochs * dataset.drawn.train * perImage * mean) / hrnet
    expect((times.secondsSupernet ?? 0) / supernetSeconds).toBeCloseTo(1, 1)
    expect(times).toMatchObject({ timesFrom: 'calibration', calibratedAt: 1000 })
    expect((times.iterationMsLargest ?? 0) / (times.iterationMsSmallest ?? 0)).toBeGreaterThan(1)
  })

  it('scale with what was measured', () => {
    const once = estimate(calibrate(320, 100))
    const slower = estimate(calibrate(640, 50))
    for (const key of ['secondsTeacher', 'secondsSupernet', 'secondsSearch', 'iterationMsLargest'] as const) {
      expect((slower[key] ?? 0) / (once[key] ?? 1)).toBeCloseTo(2, 10)
    }
  })

  it('of a search are passes of mean candidates over the pace of all workers together', () => {
    const { search, dataset } = config
    const { space, shape, smallest, largest } = createSearchSetup(config, 14)
    const hrnet = countCost(planNetwork(space, shape, hrnetGenotype(space))).macs
    const passes =
      search.recalibrationBatches * search.recalibrationBatchSize +
      (search.flipTest ? 2 : 1) * Math.min(dataset.drawn.search, dataset.searchLimit)
    const expected = ((countCandidates(config) * passes) / 100) * ((smallest.macs + largest.macs) / 2 / hrnet)
    expect((estimate(calibrate(320, 100)).secondsSearch ?? 0) / expected).toBeCloseTo(1, 5)
  })

  it('are those of reading where the loader cannot keep up', () => {
    const { teacher, dataset } = config
    const times = estimate(calibrate(320, 100), 5000)
    expect(times.secondsTeacher).toBeCloseTo(teacher.epochs * dataset.drawn.train * 5, 5)
  })

  it('are unknown where the number of pictures is, or the backend was not measured', () => {
    const calibration = calibrate(320, 100)
    const folder: RunConfig = { ...config, dataset: { ...config.dataset, source: 'coco', path: '/data' } }
    const question = { config: folder, calibration, loaderMs: null }
    expect(estimateByCalibration({ ...question, dataset: null })).toBeNull()
    const splits = { train: 10, search: 5, report: 5 }
    expect(estimateByCalibration({ ...question, dataset: { splits } })).not.toBeNull()
    const wasm: RunConfig = { ...config, compute: { ...config.compute, backend: 'wasm' } }
    expect(estimateByCalibration({ ...question, config: wasm, dataset: { splits } })).toBeNull()
  })

  it('are told on the command line with their source', () => {
    const setup = createSearchSetup(config, 14)
    const told = (calibrated: ReturnType<typeof estimate> | null): string =>
      describeEstimate(estimateCost(config, setup, 1, { preflight: null, calibrated }))
    expect(told(estimate(calibrate(320, 100)))).toMatch(
      /^about how long: .*teacher .*super-network .*search at most .*by this machine's calibration of 1970-01-01/,
    )
    expect(told(null)).toMatch(/not known.*no undisturbed calibration/)
  })
})
