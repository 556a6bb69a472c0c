import { describe, expect, it } from 'vitest'
import {
  describeOversubscription,
  shareByFormula,
} from '../../../../src-main/engine/calibration/core-shares.ts'
import { freezeConfig } from '../../../../src-main/engine/configure/freeze-config.ts'
import { readPresets } from '../../../support/engine-core.ts'

const freeze = async (overrides: Record<string, number | string>) =>
  freezeConfig(await readPresets(), { preset: 'mini-pose', overrides })

describe('shares by the number of cores', () => {
  it('leave room to the loader and never exceed the machine', async () => {
    const auto = await freeze({})
    for (let cores = 1; cores <= 128; cores++) {
      const { trainThreads, loaderThreads, searchWorkers, searchThreads } = shareByFormula(auto, cores)
      expect(trainThreads + loaderThreads).toBeLessThanOrEqual(cores)
      expect(searchWorkers * searchThreads).toBeLessThanOrEqual(cores)
      expect(Math.min(trainThreads, searchWorkers, searchThreads)).toBeGreaterThanOrEqual(1)
      expect(loaderThreads).toBeGreaterThanOrEqual(cores === 1 ? 0 : 1)
    }
    expect([1, 2, 64].map((cores) => shareByFormula(auto, cores))).toEqual([
      { trainThreads: 1, loaderThreads: 0, searchWorkers: 1, searchThreads: 1 },
      { trainThreads: 1, loaderThreads: 1, searchWorkers: 2, searchThreads: 1 },
      { trainThreads: 8, loaderThreads: 4, searchWorkers: 4, searchThreads: 1 },
    ])
  })

  it('of WebAssembly are one training thread', async () => {
    expect(shareByFormula(await freeze({ 'compute.backend': 'wasm' }), 8)).toMatchObject({ trainThreads: 1 })
  })

  it('obey what is set, and say when it is more than the machine has', async () => {
    const asked = await freeze({
      ...{ 'compute.trainThreads': 3, 'compute.loaderThreads': 2, 'search.workers': 6, 'search.threads': 2 },
    })
    const shares = shareByFormula(asked, 4)
    expect(shares).toEqual({ trainThreads: 3, loaderThreads: 2, searchWorkers: 6, searchThreads: 2 })
    const warnings = describeOversubscription(shares, 4)
    expect(warnings).toHaveLength(2)
    expect(warnings[0]).toMatch(/3 \+ 2 threads .*this machine has 4 cores/)
    expect(warnings[1]).toMatch(/6 workers × 2 threads/)
    expect(describeOversubscription(shares, 12)).toEqual([])
  })
})
