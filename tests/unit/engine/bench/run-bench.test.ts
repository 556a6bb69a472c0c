import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, it } from 'vitest'
import { EngineError } from '../../../../src-main/contract/index.ts'
import type { BenchJob, Job, JobResults, Preset, WorkerReady } from '../../../../src-main/contract/index.ts'
import type { BenchRequest } from '../../../../src-main/engine/bench/bench.types.ts'
import { countGigaFlops, runBench } from '../../../../src-main/engine/bench/run-bench.ts'
import { loadPresets } from '../../../../src-main/engine/configure/presets.ts'
import type { Executor, JobOptions } from '../../../../src-main/engine/executors/executor.ts'

const READY: WorkerReady = {
  ...{ kind: 'ready', backend: 'fake', backendVersion: '1', device: 'cpu', refused: [], threads: 1 },
}

/** Workers whose repetitions take as long as `pace` says. */
class TimedExecutor implements Executor {
  readonly released: string[] = []
  readonly #pace: (job: BenchJob, options: JobOptions) => number
  readonly #absent: string

  constructor(pace: (job: BenchJob, options: JobOptions) => number, absent = '') {
    this.#pace = pace
    this.#absent = absent
  }

  runJob<J extends Job>(job: J, options: JobOptions): Promise<JobResults[J['kind']]> {
    if (job.kind !== 'bench') {
      throw new EngineError('INTERNAL', 'only bench jobs here')
    }
    const milliseconds = job.budgetMs === 0 ? [] : [this.#pace(job, options)]
    const result = { milliseconds, peakMemoryBytes: 2 ** 20, profile: null }
    return Promise.resolve(result satisfies JobResults['bench'] as unknown as JobResults[J['kind']])
  }

  probe(backend: string): Promise<WorkerReady> {
    return backend === this.#absent
      ? Promise.reject(new EngineError('MISSING_PART', 'not set up'))
      : Promise.resolve(READY)
  }

  release(lanes: readonly string[]): Promise<void> {
    this.released.push(...lanes)
    return Promise.resolve()
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const REQUEST: BenchRequest = {
  ...{ networks: ['micro-pose'], subnets: ['largest'], backends: ['tensorflow', 'wasm'], threads: [1, 2] },
  isEveryBackendNeeded: true,
  ...{ parts: ['step'], batch: null, rounds: 3, budgetMs: 10, profiles: false },
}

let presets: readonly Preset[]
beforeAll(async () => {
  presets = await loadPresets(fileURLToPath(new URL('../../../../resources/presets/', import.meta.url)))
})

const run = (executor: Executor, request = REQUEST) =>
  runBench(request, {
    ...{ executor, presets, codeVersion: 'test', now: () => 0, onProgress: () => undefined },
    signal: new AbortController().signal,
  })

describe('runBench', () => {
  it('gives every variant a worker of its own and the same batch, and ends the workers', async () => {
    const executor = new TimedExecutor((_, { backend, threads }) => (backend === 'wasm' ? 40 : 100 / threads))
    const { rows, failures } = await run(executor)
    expect(failures).toEqual([])
    expect(rows.map(({ backend, threads, batch, time }) => [backend, threads, batch, time.medianMs])).toEqual(
      [
        ['tensorflow', 1, 16, 100],
        ['tensorflow', 2, 16, 50],
        ['wasm', 1, 16, 40],
      ],
    )
    expect(executor.released).toEqual([
      'bench-micro-pose-largest-step-tensorflow-1',
      'bench-micro-pose-largest-step-tensorflow-2',
      'bench-micro-pose-largest-step-wasm-1',
    ])
    const [row] = rows
    expect(row?.gigaFlopsPerSecond).toBeCloseTo((row?.gigaFlops ?? 0) * 10, 9)
    expect(row?.imagesPerSecond).toBe(160)
  })

  it('takes batches of 4 for networks of full size', async () => {
    const { rows } = await run(new TimedExecutor(() => 1), { ...REQUEST, networks: ['pose-w32-256x192'] })
    expect(rows.map(({ batch }) => batch)).toEqual([4, 4, 4])
  })

  it('measures what is left when a backend is missing or fails, and says why', async () => {
    const executor = new TimedExecutor(({ budgetMs }, { backend }) => {
      if (backend === 'wasm' && budgetMs > 0) {
        return 7
      }
      return 5
    }, 'tensorflow')
    const { rows, failures } = await run(executor)
    expect(rows.map(({ backend }) => backend)).toEqual(['wasm'])
    expect(failures).toEqual([
      { what: 'tensorflow', error: { code: 'MISSING_PART', message: 'not set up', details: [] } },
    ])
  })

  it('refuses to measure nothing, and networks that no preset has', async () => {
    const absent = new TimedExecutor(() => 1, 'wasm')
    await expect(run(absent, { ...REQUEST, backends: ['wasm'] })).rejects.toMatchObject({
      code: 'MISSING_PART',
    })
    await expect(run(absent, { ...REQUEST, networks: ['none'] })).rejects.toThrow('There is no preset "none"')
  })
})

describe('countGigaFlops', () => {
  it('counts two operations per multiply-add, and both gradients of all but the first layer in a step', () => {
    const { config } = presets.find(({ name }) => name === 'micro-pose') ?? { config: null }
    expect(config).not.toBeNull()
    if (config !== null) {
      const at = (work: 'step' | 'inference', batch: number): number =>
        countGigaFlops({ config, subnet: 'largest', work, batch })
      expect(at('inference', 2)).toBeCloseTo(2 * at('inference', 1), 12)
      // The first convolution has 3 x 3 x 3 x 16 weights on 32 x 32 pixels; layers without influence have no gradient.
      const forward = at('inference', 1)
      const step = at('step', 1)
      expect(step).toBeLessThanOrEqual(3 * forward - (2 * 27 * 16 * 32 * 32) / 1e9 + 1e-12)
      expect(step).toBeGreaterThan(2.5 * forward)
    }
  })
})
