import { describe, expect, it } from 'vitest'
import type {
  BackendName,
  ComputeShares,
  SearchFigure,
  StepFigure,
} from '../../../../src-main/contract/index.ts'
import { decideShares, isClearlyFaster } from '../../../../src-main/engine/calibration/decide-shares.ts'
import type { SharesQuestion } from '../../../../src-main/engine/calibration/decide-shares.ts'
import { fastestBackend } from '../../../../src-main/engine/calibration/decide-shares.ts'

const NOTHING: ComputeShares = { trainThreads: 0, loaderThreads: 0, searchWorkers: 0, searchThreads: 0 }
/** Five rounds around a median, none more than 2 % off. */
const around = (median: number): number[] => [0.99, 1.02, 1, 0.98, 1.01].map((factor) => factor * median)

const step = (backend: BackendName, threads: number, milliseconds: number): StepFigure => ({
  ...{ backend, threads, rounds: around(milliseconds) },
})
const pace = (backend: BackendName, workers: number, threads: number, images: number): SearchFigure => ({
  ...{ backend, workers, threads, rounds: around(images) },
})

/** A step of ten images, so 100 ms are 10 ms an image. */
function question({
  cores = 2,
  steps = [step('tensorflow', 1, 100)],
  searches = [pace('tensorflow', 1, 1, 50), pace('tensorflow', 2, 1, 95)],
  loaderMs = 1,
  wished = {},
  backend = 'auto',
  load = 0.2,
}: {
  readonly cores?: number
  readonly steps?: readonly StepFigure[]
  readonly searches?: readonly SearchFigure[]
  readonly loaderMs?: number | null
  readonly wished?: Partial<ComputeShares>
  readonly backend?: SharesQuestion['backend']
  readonly load?: number
}): SharesQuestion {
  return {
    ...{ cores, backend, loaderMs, wished: { ...NOTHING, ...wished } },
    calibration: {
      ...{ steps, searches, batch: 10, images: 10, load },
      backend: fastestBackend(steps) ?? 'wasm',
    },
  }
}

const sharesOf = (asked: SharesQuestion) => {
  const answer = decideShares(asked)
  return answer === null
    ? null
    : [
        `${answer.backend} ${String(answer.trainThreads)}+${String(answer.loaderThreads)}`,
        `${String(answer.searchWorkers)}x${String(answer.searchThreads)}`,
      ]
}

describe('clearly faster', () => {
  it.each([
    ['by 9 %, in every round', around(100), around(109), true],
    ['by 9 % in three of four rounds', [100, 100, 100, 140], around(109), true],
    ['by 4 %', around(100), around(104), false],
    ['the same', around(100), around(100), false],
    [
      'by a quarter in the median, but slower in two of five rounds',
      [80, 80, 80, 110, 110],
      around(100),
      false,
    ],
    ['no rounds', [], [], false],
  ] as const)('%s', (_name, faster, slower, expected) => {
    expect(isClearlyFaster(faster, slower)).toBe(expected)
  })
})

describe('the choice of a backend', () => {
  const cases: readonly [string, readonly StepFigure[], BackendName | null][] = [
    ['native, twice as fast', [step('tensorflow', 1, 100), step('wasm', 1, 200)], 'tensorflow'],
    ['WebAssembly, faster', [step('tensorflow', 1, 42), step('wasm', 1, 27)], 'wasm'],
    [
      'WebAssembly, since native is faster by 3 % only',
      [step('tensorflow', 1, 97), step('wasm', 1, 100)],
      'wasm',
    ],
    [
      'native with four threads',
      [step('tensorflow', 1, 120), step('tensorflow', 4, 60), step('wasm', 1, 100)],
      'tensorflow',
    ],
    [
      'a card through WebGPU, clearly faster than both',
      [step('tensorflow', 2, 100), step('webgpu', 1, 20), step('wasm', 1, 200)],
      'webgpu',
    ],
    [
      'native, since the card is faster by 3 % only',
      [step('tensorflow', 2, 100), step('webgpu', 1, 97), step('wasm', 1, 200)],
      'tensorflow',
    ],
    ['none', [], null],
  ]
  it.each(cases)('%s', (_name, steps, expected) => {
    expect(fastestBackend(steps)).toBe(expected)
    expect(fastestBackend(steps.toReversed())).toBe(expected)
  })
})

describe('the choice of threads', () => {
  const native = (...milliseconds: readonly number[]): StepFigure[] =>
    milliseconds.map((each, index) => step('tensorflow', [1, 2, 3, 4, 6, 8][index] ?? 0, each))
  const cases: readonly [string, Parameters<typeof question>[0], string][] = [
    ['two cores, a second thread brings nothing', { steps: native(100, 110) }, 'tensorflow 1+1'],
    [
      'two cores, it halves the step and reading is cheap: no loader thread',
      { steps: native(100, 52), loaderMs: 0.1 },
      'tensorflow 2+0',
    ],
    [
      'two cores, it halves the step but reading would be waited for',
      { steps: native(100, 52), loaderMs: 1 },
      'tensorflow 1+1',
    ],
    ['two cores, reading is not known', { steps: native(100, 52), loaderMs: null }, 'tensorflow 1+1'],
    ['one core', { cores: 1, steps: native(100), searches: [pace('tensorflow', 1, 1, 5)] }, 'tensorflow 1+0'],
    [
      'four cores, three threads and a loader',
      { cores: 4, steps: native(100, 60, 40, 38), loaderMs: 1 },
      'tensorflow 3+1',
    ],
    [
      'four cores, reading takes as long as training',
      { cores: 4, steps: native(100, 90, 80, 78), loaderMs: 12 },
      'tensorflow 2+2',
    ],
    [
      'four cores, 4 % are no reason',
      { cores: 4, steps: native(100, 97, 96, 96), loaderMs: 1 },
      'tensorflow 1+1',
    ],
    [
      'eight cores, reading is dear',
      { cores: 8, steps: native(100, 60, 45, 40, 39, 39), loaderMs: 9 },
      'tensorflow 4+3',
    ],
  ]
  it.each(cases)('%s', (_name, asked, expected) => {
    expect(sharesOf(question(asked))?.[0]).toBe(expected)
  })

  it('never takes more than the cores, whatever was measured', () => {
    for (const cores of [1, 2, 3, 4, 6, 8, 16]) {
      for (const scale of [0.2, 0.6, 0.9, 1.1]) {
        for (const loaderMs of [0, 0.2, 3, 40]) {
          const steps = [1, 2, 3, 4, 6, 8]
            .filter((threads) => threads <= cores)
            .map((threads) => step('tensorflow', threads, 100 * threads ** (scale - 1)))
          const answer = decideShares(question({ cores, steps, loaderMs }))
          expect((answer?.trainThreads ?? 99) + (answer?.loaderThreads ?? 99)).toBeLessThanOrEqual(cores)
          expect((answer?.searchWorkers ?? 99) * (answer?.searchThreads ?? 99)).toBeLessThanOrEqual(cores)
        }
      }
    }
  })

  it('obeys what is set, measured or not, and says so', () => {
    const steps = native(100, 52)
    expect(sharesOf(question({ steps, wished: { trainThreads: 2 } }))?.[0]).toBe('tensorflow 2+0')
    expect(sharesOf(question({ steps, wished: { trainThreads: 3, loaderThreads: 2 } }))?.[0]).toBe(
      'tensorflow 3+2',
    )
    expect(sharesOf(question({ steps, wished: { loaderThreads: 4 } }))?.[0]).toBe('tensorflow 1+4')
    const answer = decideShares(question({ steps, wished: { trainThreads: 2 } }))
    expect(answer?.reasons[0]).toContain('2 training threads (as set)')
  })

  it('takes the backend that is set, although another is faster, and none that was not measured', () => {
    const steps = [step('wasm', 1, 200), step('tensorflow', 1, 100)]
    expect(sharesOf(question({ steps, backend: 'wasm' }))?.[0]).toBe('wasm 1+1')
    expect(sharesOf(question({ steps: native(100), backend: 'wasm' }))).toBeNull()
  })
})

describe('the choice of search workers', () => {
  const cases: readonly [string, Parameters<typeof question>[0], string][] = [
    ['one per core where nothing is clearly faster', {}, '2x1'],
    [
      'one, where two hinder each other',
      { searches: [pace('tensorflow', 1, 1, 100), pace('tensorflow', 2, 1, 90)] },
      '1x1',
    ],
    [
      'still two, where one is 3 % ahead',
      { searches: [pace('tensorflow', 1, 1, 103), pace('tensorflow', 2, 1, 100)] },
      '2x1',
    ],
    [
      'one with both threads',
      { searches: [pace('tensorflow', 1, 2, 120), pace('tensorflow', 2, 1, 100)] },
      '1x2',
    ],
    [
      'two, where one with both threads is 20 % ahead, but the machine was crowded',
      { searches: [pace('tensorflow', 1, 2, 120), pace('tensorflow', 2, 1, 100)], load: 2.5 },
      '2x1',
    ],
    ['set', { wished: { searchWorkers: 5, searchThreads: 3 } }, '5x3'],
    ['set workers that were not measured', { wished: { searchWorkers: 5 } }, '5x1'],
    [
      'set threads',
      {
        wished: { searchThreads: 2 },
        searches: [pace('tensorflow', 1, 2, 80), pace('tensorflow', 2, 1, 100)],
      },
      '1x2',
    ],
    ['none measured', { searches: [] }, '2x1'],
  ]
  it.each(cases)('%s', (_name, asked, expected) => {
    expect(sharesOf(question(asked))?.[1]).toBe(expected)
  })
})
