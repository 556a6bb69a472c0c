import { describe, expect, it } from 'vitest'
import type { ComputePlan } from '../../../../src-main/contract/index.ts'
import { medianOf, planFigures, planOrigin } from '../../../../src-renderer/lib/plan-figures.ts'

const machine = { processor: 'Test CPU', cores: 2, memoryBytes: 1 }
const plan: ComputePlan = {
  ...{ trainThreads: 1, loaderThreads: 1, searchWorkers: 2, searchThreads: 1, backend: 'tensorflow' },
  ...{ origin: 'cached', reasons: [], warnings: [], machine, decidedAt: 0, loader: null, moves: [] },
  calibration: {
    ...{
      key: 'k',
      network: 'mini',
      machine,
      versions: {},
      codeVersion: '1',
      measuredAt: 0,
      seconds: 1,
      load: 0,
    },
    ...{ subnet: 'hrnet', batch: 8, images: 8, backend: 'tensorflow', notes: [] },
    steps: [
      { backend: 'tensorflow', threads: 1, rounds: [300, 200, 210] },
      { backend: 'wasm', threads: 1, rounds: [400, 500] },
    ],
    searches: [
      { backend: 'tensorflow', workers: 1, threads: 1, rounds: [70] },
      { backend: 'tensorflow', workers: 2, threads: 1, rounds: [1370] },
    ],
  },
}

describe('the figures of a plan', () => {
  it('are the medians, with what was taken marked', () => {
    expect(planFigures(plan)).toEqual([
      { what: 'Training step', label: 'TensorFlow, 1 thread', value: '210 ms', isChosen: true },
      { what: 'Training step', label: 'WebAssembly, 1 thread', value: '450 ms', isChosen: false },
      { what: 'Search', label: '1 worker, 1 thread each', value: '70 images/s', isChosen: false },
      { what: 'Search', label: '2 workers, 1 thread each', value: '1,370 images/s', isChosen: true },
    ])
  })

  it('are none where nothing was measured, and the origin says so', () => {
    expect(planFigures({ ...plan, calibration: null })).toEqual([])
    expect(planOrigin({ origin: 'formula' })).toMatch(/not measured/)
    expect(medianOf([])).toBeNaN()
  })
})
