import { describe, expect, it } from 'vitest'
import type { RunConfig, RunRequest } from '../../../src-main/contract/index.ts'
import { estimateCost, countCandidates } from '../../../src-main/engine/configure/estimate-cost.ts'
import type { TimeEstimate } from '../../../src-main/engine/configure/estimate-cost.ts'
import { freezeConfig } from '../../../src-main/engine/configure/freeze-config.ts'
import { listSetupProblems, requireSetup } from '../../../src-main/engine/configure/search-setup.ts'
import { readPresets } from '../../support/engine-core.ts'

async function freeze(overrides: RunRequest['overrides'], preset = 'micro-pose'): Promise<RunConfig> {
  return freezeConfig(await readPresets(), { preset, overrides })
}

describe('presets', () => {
  it('are all valid and named as their files say', async () => {
    const presets = await readPresets()
    expect(presets.map((preset) => preset.name)).toContain('micro-pose')
    for (const preset of presets) {
      expect(preset.config.preset).toBe(preset.name)
      expect(listSetupProblems(preset.config, preset.config.task === 'pose' ? 14 : 11)).toEqual([])
    }
  })

  it('that do not exist are refused with the names of those that do', async () => {
    await expect(freeze({}, 'mini')).rejects.toThrow(/no preset "mini".*micro-pose/)
  })
})

describe('overrides', () => {
  it('change one field by its dotted path, or a whole group', async () => {
    const config = await freeze({ 'search.generations': 3, seed: 9, 'space.depthChoices': [1, 2] })
    expect(config.search.generations).toBe(3)
    expect(config.seed).toBe(9)
    expect(config.space.depthChoices).toEqual([1, 2])
  })

  it('reach the fields of settings that only some tasks have', async () => {
    const { bottomUp } = await freeze({ 'bottomUp.sigma': 3 }, 'micro-bottom-up')
    expect(bottomUp?.sigma).toBe(3)
    await expect(freeze({ 'bottomUp.sigmas': 3 }, 'micro-bottom-up')).rejects.toThrow(/"bottomUp" has: sigma/)
  })

  it('do not change the preset itself', async () => {
    await freeze({ 'search.generations': 3 })
    expect((await freeze({})).search.generations).not.toBe(3)
  })

  it.each([
    ['search.generation', /"search.generation" is no field of a run; "search" has: initial, generations/],
    ['sarch.generations', /the configuration has: task, seed, dataset/],
    ['seed.deeper', /"seed" has no fields of its own/],
    ['preset', /"preset" is no field/],
    ['__proto__.polluted', /no field/],
    ['search.constructor', /no field/],
  ])('refuse the unknown field %s and say what is allowed', async (path, message) => {
    await expect(freeze({ [path]: 1 })).rejects.toThrow(message)
  })

  it('refuse a value with its field, what is allowed, and what was given', async () => {
    await expect(freeze({ 'search.initial': 3 })).rejects.toThrow(/search\.initial: .*15.*\(got 3\)/)
    await expect(freeze({ 'supernet.epochs': 'many' })).rejects.toThrow(/supernet\.epochs: .*\(got "many"\)/)
  })

  it('refuse start weights that are not named from the root', async () => {
    await expect(freeze({ 'teacher.startWeights': 'w.pth' })).rejects.toThrow(/absolute path, got "w.pth"/)
    const { teacher } = await freeze({ 'teacher.startWeights': '/data/w.pth' })
    expect(teacher.startWeights).toBe('/data/w.pth')
  })

  it('refuse a real dataset without an absolute folder', async () => {
    await expect(freeze({ 'dataset.source': 'coco' })).rejects.toThrow(/dataset\.path: .*needs the folder/)
    await expect(freeze({ 'dataset.source': 'coco', 'dataset.path': 'here' })).rejects.toThrow(
      /absolute.*"here"/,
    )
    const config = await freeze({ 'dataset.source': 'coco', 'dataset.path': '/data/people' })
    expect(config.dataset.path).toBe('/data/people')
  })
})

describe('the setup of a search', () => {
  it('names the field of an input size that does not fit', async () => {
    const [problem] = listSetupProblems(await freeze({ 'network.inputHeight': 63 }), 14)
    expect(problem?.field).toBe('network.inputHeight')
  })

  it('names the field of a layout that has too little to cross', async () => {
    const config = await freeze({ 'space.evolveLastModule': false })
    expect(listSetupProblems(config, 14)[0]?.field).toBe('space.evolveLastModule')
  })

  it.each([
    [{ 'search.maxMacs': 1000 }, 'search.maxMacs'],
    [{ 'search.minMacs': 10 ** 12 }, 'search.minMacs'],
    [{ 'search.maxParams': 10 }, 'search.maxParams'],
    [{ 'search.minMacs': 6_000_000, 'search.maxMacs': 5_000_000 }, 'search.minMacs'],
  ])('refuses bounds that no network can meet: %o', async (overrides, field) => {
    const config = await freeze(overrides)
    expect(listSetupProblems(config, 14)[0]?.field).toBe(field)
    expect(() => requireSetup(config, 14)).toThrow(new RegExp(field))
  })

  it('costs the micro presets as method.md 11.2 says', async () => {
    const pose = await freeze({})
    const estimate = estimateCost(pose, requireSetup(pose, 14), 1)
    // Source: table 11.2 of method.md, rounded there to 10^4 multiply-adds and 0.1.
    expect(estimate.supernetParams).toBe(140_318)
    expect(estimate.smallest.macs / 1e6).toBeCloseTo(3.88, 2)
    expect(estimate.largest.macs / 1e6).toBeCloseTo(7.56, 2)
    expect(estimate.log10SpaceSize).toBeCloseTo(6.3, 1)
    expect(estimate.secondsTeacher).toBeNull()
  })

  it('takes times from the preflight, and rather from a calibration of the machine', async () => {
    const config = await freeze({ 'search.workers': 2 })
    const preflight = {
      ...{ iterationMsSmallest: 10, iterationMsLargest: 30, evaluationMs: 100, peakMemoryBytes: 5 },
      ...{ iterationsTeacher: 100, iterationsSupernet: 200 },
    }
    const dataset = (await import('../../support/fake-scores.ts')).FAKE_DATASET
    const measured = { ...preflight, dataset }
    const setup = requireSetup(config, 14)
    const estimate = estimateCost(config, setup, 1, { preflight: measured, calibrated: null })
    expect(estimate.timesFrom).toBe('preflight')
    expect(estimate.secondsTeacher).toBe(3)
    expect(estimate.secondsSupernet).toBe(4)
    expect(estimate.secondsSearch).toBeCloseTo((countCandidates(config) * 0.1) / 2, 10)
    const calibrated: TimeEstimate = {
      timesFrom: 'calibration',
      ...{ calibratedAt: 7, iterationMsSmallest: 1, iterationMsLargest: 2 },
      ...{ secondsTeacher: 30, secondsSupernet: 40, secondsSearch: 50 },
    }
    expect(estimateCost(config, setup, 1, { preflight: null, calibrated })).toMatchObject(calibrated)
    // The check's own iterations are of this very network.
    expect(estimateCost(config, setup, 1, { preflight: measured, calibrated })).toMatchObject({
      ...calibrated,
      ...{ iterationMsSmallest: 10, iterationMsLargest: 30, peakMemoryBytes: 5 },
    })
  })
})
