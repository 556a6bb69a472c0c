import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startEngine } from '../../src-main/engine/start-engine.ts'
import type { Engine } from '../../src-main/engine/start-engine.ts'
import { createTemporaryFolder, RESOURCES_FOLDER } from '../support/engine-core.ts'

/** Long enough to be stopped in the middle of its training, short enough for a test. */
const SHORT = {
  ...{ 'dataset.drawn.train': 64, 'dataset.drawn.search': 16, 'dataset.drawn.report': 16 },
  ...{ 'teacher.epochs': 1, 'supernet.epochs': 1, 'search.initial': 15, 'search.generations': 0 },
}

describe('calibration with the real worker', () => {
  let folder: ReturnType<typeof createTemporaryFolder>
  let engine: Engine
  beforeAll(async () => {
    folder = createTemporaryFolder()
    engine = await startEngine({
      dataFolder: join(folder.folder, 'data'),
      workerEntry: new URL('../../src-main/worker/main.ts', import.meta.url),
      resourcesFolder: RESOURCES_FOLDER,
      rendererFolder: null,
      codeVersion: 'test',
      calibrates: true,
    })
  })
  afterAll(async () => {
    await engine.close()
    folder.remove()
  })

  async function runToEnd(id: string, more: Record<string, number> = {}) {
    await engine.services.runs.start({ id, name: id, preset: 'micro-pose', overrides: { ...SHORT, ...more } })
    const end = Date.now() + 240_000
    while (Date.now() < end) {
      const details = await engine.services.runs.get(id)
      if (!['queued', 'running'].includes(details.status)) {
        return details
      }
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
    throw new Error(`${id} did not end`)
  }

  it('measures once, keeps within the cores, is recorded, and serves the next run and the doctor', async () => {
    const { services } = engine
    const first = await runToEnd('r-calib1')
    expect(first.status, JSON.stringify(first.error)).toBe('completed')
    const plan = first.computePlan
    expect(plan?.origin).toBe('measured')
    expect(plan?.warnings).toEqual([])
    expect((plan?.trainThreads ?? 99) + (plan?.loaderThreads ?? 99)).toBeLessThanOrEqual(
      plan?.machine.cores ?? 0,
    )
    expect((plan?.searchWorkers ?? 99) * (plan?.searchThreads ?? 99)).toBeLessThanOrEqual(
      plan?.machine.cores ?? 0,
    )
    expect(plan?.calibration?.steps).toHaveLength(1)
    expect(plan?.calibration?.steps[0]?.rounds.every((time) => time > 0)).toBe(true)
    expect(plan?.loader?.millisecondsPerImage).toBeGreaterThan(0)
    expect(first.environment).toMatchObject({
      trainThreads: plan?.trainThreads,
      searchWorkers: plan?.searchWorkers,
    })

    const second = await runToEnd('r-calib2', { seed: 2 })
    expect(second.computePlan).toMatchObject({ origin: 'cached', calibration: plan?.calibration })
    const doctor = await services.system.doctor()
    expect(doctor.text).toContain('Calibration: micro pose, width 8, 64 × 64: step of 16 (hrnet) wasm × 1')
  })

  it('refuses to repeat for a preset that is not there', async () => {
    await expect(engine.services.system.calibrate(['nothing'])).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })
})
